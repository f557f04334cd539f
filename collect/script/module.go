package script

import (
	lua "github.com/yuin/gopher-lua"

	"virgo/schedule/capability"
)

// A Module is a table of functions that a script has by its name, or the global functions,
// whose Name is empty. What it says is the documentation of the functions, and what `virgo
// script check` knows.
type Module struct {
	Name      string // file
	Doc       string // one or two sentences
	Functions []Function
	Constants []Constant
	// Methods are those of the values that the functions return, as the connections of net:
	// they are in no table.
	Methods []Function
	// Pure modules use nothing outside of the script: they are there while a script is loaded, too.
	Pure bool
}

// A Function is what scripts call.
type Function struct {
	Name      string // read
	Signature string // file.read(path [, max]) -> text
	Doc       string
	MinArgs   int
	MaxArgs   int // -1: any
	// Needs is the kind of capability that the function asks the guard for; empty: none.
	Needs capability.Kind
	// Call is the function: it takes its arguments from l and pushes its results. On a failure of
	// the world outside it returns [Call.Fail], for a mistake of the script it raises an error of
	// Lua, and for what the guard refuses it calls [Call.Refuse].
	Call func(c *Call, l *lua.LState) int
}

// A Constant is a value in the table of a module.
type Constant struct {
	Name  string // null
	Doc   string
	Value lua.LValue
}
