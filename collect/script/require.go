package script

import (
	"regexp"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"
)

// library is compiled when it is first needed, as position is.
var library = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^lib\.[a-z0-9_]{1,80}$`) })

// require runs a file below lib/ of the script's own source, once a check. The name of a
// module is the module.
func require(c *Call, l *lua.LState) int {
	m, name := c.machine, l.CheckString(1)
	if table, ok := m.globals.RawGetString(name).(*lua.LTable); ok && !strings.Contains(name, ".") {
		l.Push(table)
		return 1
	}
	if value, ok := m.loaded[name]; ok {
		if value == nil {
			return c.Raise(l, "%q requires itself", name)
		}
		l.Push(value)
		return 1
	}
	if !library().MatchString(name) {
		return c.Raise(l, `require takes the name of a file below lib, such as "lib.parse", and not %.64q`, name)
	}
	if len(m.loaded) >= maxLoadedFiles {
		return c.Raise(l, "more than %d files", maxLoadedFiles)
	}
	proto, err := m.source.chunks.get(strings.ReplaceAll(name, ".", "/") + ".lua")
	if err != nil {
		return c.Raise(l, "%s", err)
	}
	m.loaded[name] = nil
	defer func() {
		if m.loaded[name] == nil { // it failed, and may fail again
			delete(m.loaded, name)
		}
	}()
	l.Push(l.NewFunctionFromProto(proto))
	l.Call(0, 1)
	value := l.Get(-1)
	if value == lua.LNil {
		value = lua.LTrue
	}
	m.loaded[name] = value
	l.Push(value)
	return 1
}
