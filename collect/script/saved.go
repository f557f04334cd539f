package script

import (
	"encoding/json"

	lua "github.com/yuin/gopher-lua"
)

// decodeSaved returns what the last run saved; nil, if that was nothing or another program's.
func decodeSaved(c *Call, l *lua.LState, previous []byte) (lua.LValue, error) {
	if len(previous) == 0 {
		return lua.LNil, nil
	}
	var v map[string]any
	if json.Unmarshal(previous, &v) != nil {
		var list []any
		if json.Unmarshal(previous, &list) != nil {
			return lua.LNil, nil
		}
		return c.fromGo(l, list)
	}
	return c.fromGo(l, v)
}
