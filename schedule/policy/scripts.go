package policy

import (
	"strings"

	"virgo/schedule"
)

// ScriptPrefix begins the types of checks in Lua.
const ScriptPrefix = "script."

func isScript(checkType string) bool { return strings.HasPrefix(checkType, ScriptPrefix) }

// isFreeOfScripts reports whether the keyword scripts lets an endpoint set a detail: one that
// chooses nothing that is opened, run or connected to, and tells nothing of a file's content.
// Whoever does not know the script's definition does not know that of any detail.
func (e *Effective) isFreeOfScripts(name string) bool {
	f := e.field(name)
	if f == nil || f.unknown {
		return false
	}
	switch f.role {
	case schedule.Free, schedule.Match, schedule.Other, schedule.Switch:
		return true
	}
	return false
}
