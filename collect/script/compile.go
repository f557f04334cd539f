package script

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"

	"virgo/schedule/scriptbundle"
)

// compileFile compiles a file. Its size, its nesting and the depth of its syntax are bounded before
// the compiler, which recurses, has it. Error: *[Error] of KindLoad.
func compileFile(name string, text []byte) (proto *lua.FunctionProto, err error) {
	fail := func(line int, text string) error {
		return &Error{Kind: KindLoad, File: name, Line: line, Text: truncate(text)}
	}
	if len(text) > scriptbundle.MaxScriptBytes {
		return nil, fail(0, fmt.Sprintf("%d bytes; at most %d are allowed", len(text), scriptbundle.MaxScriptBytes))
	}
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	// The lexer takes each of them for the end of a line, and so for that of a comment.
	text = bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	var nesting *nestingError
	if err := boundNesting(text); errors.As(err, &nesting) {
		return nil, fail(nesting.line, nesting.text)
	}
	defer func() {
		if r := recover(); r != nil { // a mistake of the compiler
			proto, err = nil, fail(0, fmt.Sprintf("cannot be compiled: %v", r))
		}
	}()
	chunk, err := parse.Parse(bytes.NewReader(text), name)
	if err != nil {
		return nil, syntaxError(name, err)
	}
	if depth := syntaxDepth(chunk, maxSyntaxDepth); depth > maxSyntaxDepth {
		return nil, fail(0, fmt.Sprintf("the syntax is deeper than %d", maxSyntaxDepth))
	}
	proto, err = lua.Compile(chunk, name)
	var wrong *lua.CompileError
	if errors.As(err, &wrong) {
		return nil, fail(wrong.Line, wrong.Message)
	}
	if err != nil {
		return nil, fail(0, err.Error())
	}
	return proto, nil
}

func syntaxError(name string, err error) error {
	var wrong *parse.Error
	if !errors.As(err, &wrong) {
		return &Error{Kind: KindLoad, File: name, Text: truncate(err.Error())}
	}
	e := &Error{Kind: KindLoad, File: name, Text: truncate(wrong.Message), Line: wrong.Pos.Line}
	if wrong.Token != "" {
		e.Text = truncate(fmt.Sprintf("%s near %q", wrong.Message, wrong.Token))
	}
	if wrong.Pos.Line == parse.EOF {
		e.Line, e.Text = 0, wrong.Message+" at the end of the file"
	}
	return e
}

// chunks are the compiled files of a source. All states of the process share them, and change
// nothing in them.
type chunks struct {
	source Source

	mu    sync.Mutex
	files map[string]func() (*lua.FunctionProto, error)
}

func newChunks(s Source) *chunks {
	return &chunks{source: s, files: make(map[string]func() (*lua.FunctionProto, error))}
}

// get returns a compiled file. It is compiled when it is needed first; meanwhile nobody waits
// who needs another one.
func (c *chunks) get(name string) (*lua.FunctionProto, error) {
	c.mu.Lock()
	file, ok := c.files[name]
	if !ok {
		text, err := c.source.Read(name)
		if err != nil { // not kept: a script may ask for any number of names
			c.mu.Unlock()
			return nil, &Error{Kind: KindLoad, File: name, Text: truncate(err.Error())}
		}
		file = sync.OnceValues(func() (*lua.FunctionProto, error) { return compileFile(name, text) })
		c.files[name] = file
	}
	c.mu.Unlock()
	return file()
}

// A program is a file that declares a check.
type program struct {
	file   string
	chunks *chunks
}
