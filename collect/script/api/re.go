package api

import (
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect/script"
	"virgo/schedule/policy"
)

// maxCompiled is how many expressions are kept compiled.
const maxCompiled = 64

func reModule() script.Module {
	e := &expressions{compiled: make(map[string]*regexp.Regexp)}
	return script.Module{
		Name: "re", Pure: true,
		Doc: "Regular expressions of RE2: a match takes a time in proportion to the text, whatever " +
			"the text. Lua's own patterns are in string.",
		Functions: []script.Function{
			{Name: "match", Signature: "re.match(text, expression) -> capture, ...", MinArgs: 2, MaxArgs: 2,
				Doc: "The captures of the first match, or all of it where the expression has none; " +
					"nil without a match. A group that took no part is false.",
				Call: func(c *script.Call, l *lua.LState) int {
					s, re := e.arguments(c, l)
					return pushMatch(l, s, re.FindStringSubmatchIndex(s))
				}},
			{Name: "find", Signature: "re.find(text, expression [, from]) -> first, last", MinArgs: 2, MaxArgs: 3,
				Doc: "Where the first match begins and ends, counted from 1, at or behind a place; " +
					"nil without a match.",
				Call: func(c *script.Call, l *lua.LState) int {
					s, re := e.arguments(c, l)
					from := max(l.OptInt(3, 1), 1) - 1
					if from > len(s) {
						l.Push(lua.LNil)
						return 1
					}
					m := re.FindStringIndex(s[from:])
					if m == nil {
						l.Push(lua.LNil)
						return 1
					}
					l.Push(lua.LNumber(from + m[0] + 1))
					l.Push(lua.LNumber(from + m[1]))
					return 2
				}},
			{Name: "all", Signature: "re.all(text, expression) -> {match, ...}", MinArgs: 2, MaxArgs: 2,
				Doc: "All matches: a text each, or a list of the captures where the expression has " +
					"some. More than 100,000 texts give nil and why.",
				Call: func(c *script.Call, l *lua.LState) int {
					s, re := e.arguments(c, l)
					t, err := allMatches(l, s, re, patience(c))
					if err != nil {
						return c.Fail(l, err)
					}
					l.Push(t)
					return 1
				}},
			{Name: "replace", Signature: "re.replace(text, expression, replacement) -> text", MinArgs: 3, MaxArgs: 3,
				Doc: "The text with all matches replaced; $1 and ${name} in the replacement are " +
					"captures, $$ is a dollar sign.",
				Call: func(c *script.Call, l *lua.LState) int {
					s, re := e.arguments(c, l)
					text, err := replaceAll(s, re, l.CheckString(3), c.Limits.StringBytes, patience(c))
					if err != nil {
						return c.Raise(l, "re.replace: %v", err)
					}
					return c.Push(l, text)
				}},
		},
	}
}

// expressions are those that were compiled last. Checks that run at the same time share them.
type expressions struct {
	mu       sync.Mutex
	compiled map[string]*regexp.Regexp
}

// arguments returns the text and the expression of a call.
func (e *expressions) arguments(c *script.Call, l *lua.LState) (string, *regexp.Regexp) {
	s, source := textAt(c, l, 1), l.CheckString(2)
	re, err := e.compile(source)
	if err != nil {
		l.ArgError(2, err.Error())
	}
	return s, re
}

func (e *expressions) compile(source string) (*regexp.Regexp, error) {
	e.mu.Lock()
	re, ok := e.compiled[source]
	e.mu.Unlock()
	if ok {
		return re, nil
	}
	if err := policy.CheckRegexp(source); err != nil {
		return nil, err
	}
	re, err := regexp.Compile(source)
	if err != nil {
		return nil, errors.New("not a regular expression")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.compiled) == maxCompiled {
		clear(e.compiled)
	}
	e.compiled[source] = re
	return re, nil
}

func group(s string, m []int, i int) lua.LValue {
	if m[2*i] < 0 {
		return lua.LFalse
	}
	return lua.LString(s[m[2*i]:m[2*i+1]])
}

func pushMatch(l *lua.LState, s string, m []int) int {
	switch {
	case m == nil:
		l.Push(lua.LNil)
		return 1
	case len(m) == 2:
		l.Push(group(s, m, 0))
		return 1
	}
	for i := 1; i < len(m)/2; i++ {
		l.Push(group(s, m, i))
	}
	return len(m)/2 - 1
}

// patience is how long an expression may search a text, beside a time for each byte that it
// went through and each match: many times what it takes on a busy machine, and less than the
// limit of computing.
func patience(c *script.Call) time.Duration { return c.Limits.Compute / 3 }

const (
	patienceAByte  = 5 * time.Microsecond
	patienceAMatch = 50 * time.Microsecond
)

var errSlowExpression = errors.New("the expression goes through the same text again and again")

// findAll finds at most that many matches. One match takes a time in proportion to the text; many
// can take as much each, where the expression looks far ahead and then matches little ("a.*b|a" in
// a text of "a"). Such a text may come from anybody, and nothing ends a search that is under way:
// so it looks for few matches first, then for more.
func findAll(s string, re *regexp.Regexp, most int, patience time.Duration) ([][]int, error) {
	began := time.Now()
	for n := 4; ; n *= 2 {
		n = min(n, most)
		matches := re.FindAllStringSubmatchIndex(s, n)
		if len(matches) < n || n == most {
			return matches, nil
		}
		passed := time.Duration(matches[n-1][1])
		if time.Since(began) > patience+passed*patienceAByte+time.Duration(n)*patienceAMatch {
			return nil, errSlowExpression
		}
	}
}

func allMatches(l *lua.LState, s string, re *regexp.Regexp, patience time.Duration) (*lua.LTable, error) {
	groups := re.NumSubexp()
	most := maxValues / (groups + 1)
	matches, err := findAll(s, re, most+1, patience)
	if err != nil {
		return nil, err
	}
	if len(matches) > most {
		return nil, fmt.Errorf("more than %d matches", most)
	}
	list := make([]lua.LValue, len(matches))
	for at, m := range matches {
		if groups == 0 {
			list[at] = group(s, m, 0)
			continue
		}
		captures := make([]lua.LValue, groups)
		for i := range captures {
			captures[i] = group(s, m, i+1)
		}
		list[at] = tableOf(l, captures)
	}
	return tableOf(l, list), nil
}

// replaceAll makes a text of at most that many bytes.
func replaceAll(s string, re *regexp.Regexp, replacement string, most int, patience time.Duration) (string, error) {
	matches, err := findAll(s, re, len(s)+2, patience)
	if err != nil {
		return "", err
	}
	var (
		out  []byte
		last int
	)
	for _, m := range matches {
		out = append(out, s[last:m[0]]...)
		if out = re.ExpandString(out, replacement, s, m); len(out) > most {
			return "", fmt.Errorf("text of more than %d bytes", most)
		}
		last = m[1]
	}
	return string(append(out, s[last:]...)), nil
}
