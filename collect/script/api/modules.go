package api

import (
	lua "github.com/yuin/gopher-lua"

	"virgo/collect/script"
)

// Bounds of what functions make of one text. A table of Lua takes between a hundred and a thousand
// bytes, so that a text of the longest length could not be turned into tables within the memory of
// the script process.
const (
	maxValues   = 100_000 // of a decoded document, and of the pieces of a text
	maxElements = 20_000  // of XML
	byName      = 4       // what a table counts, beside its values, that has its values by name
	maxDepth    = 64      // of a document, both ways
)

// Modules returns the modules. What they say of themselves is the documentation.
func Modules() []script.Module {
	return []script.Module{
		fileModule(), programModule(), httpModule(), netModule(), hostModule(),
		jsonModule(newNull()), csvModule(), xmlModule(), textModule(), reModule(), timeModule(), x509Module(),
		hashModule(), base64Module(), hexModule(),
	}
}

// Doc returns the modules for whoever describes or checks scripts and runs none.
func Doc() []script.Module { return Modules() }

// work counts the work of going through that many bytes as instructions of the script.
func work(c *script.Call, l *lua.LState, bytes int) {
	const bytesAStep = 16
	c.Charge(l, bytes/bytesAStep)
}

// textAt returns the text at an argument that a function goes through.
func textAt(c *script.Call, l *lua.LState, arg int) string {
	s := l.CheckString(arg)
	work(c, l, len(s))
	return s
}
