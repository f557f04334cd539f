package script

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"
)

var indexed = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`attempt to index a non-table object\((\w+)\) with key '(.{0,200})'$`)
})

// explain returns an error of the Lua library in the words of Lua, and with the name of what is no
// function: a function's name that is mistyped is the most frequent mistake.
func explain(l *lua.LState, text string) string {
	switch {
	case strings.HasSuffix(text, "attempt to call a non-function object"):
		if name := calledHere(l); name != "" {
			return strings.TrimSuffix(text, "a non-function object") + strconv.Quote(name) + ", which is no function"
		}
		return strings.TrimSuffix(text, "a non-function object") + "what is no function"
	case strings.HasSuffix(text, "__len undefined"):
		return strings.TrimSuffix(text, "__len undefined") + "attempt to get the length of what has none"
	case strings.HasSuffix(text, "__unm undefined"):
		return strings.TrimSuffix(text, "__unm undefined") + "attempt to negate what is no number"
	case strings.HasSuffix(text, "registry overflow"):
		return strings.TrimSuffix(text, "registry overflow") + "stack overflow: too many values"
	}
	if at := indexed().FindStringSubmatchIndex(text); at != nil {
		kind, key := text[at[2]:at[3]], text[at[4]:at[5]]
		return text[:at[0]] + "attempt to index a " + kind + " value with the key " + strconv.Quote(key)
	}
	return text
}

// calledHere returns the name of the function that is called in the line where the error is; empty
// if the line calls several, or the name is not known.
func calledHere(l *lua.LState) string {
	d, ok := l.GetStack(0)
	if !ok {
		return ""
	}
	f, err := l.GetInfo("fl", d, lua.LNil)
	fn, ok := f.(*lua.LFunction)
	if err != nil || !ok || fn.Proto == nil {
		return ""
	}
	var names []string
	for _, call := range fn.Proto.DbgCalls {
		lines := fn.Proto.DbgSourcePositions // of the instructions
		if call.Pc < len(lines) && lines[call.Pc] == d.CurrentLine && !slices.Contains(names, call.Name) {
			names = append(names, call.Name)
		}
	}
	if len(names) != 1 || names[0] == "?" {
		return ""
	}
	return names[0]
}
