package lint

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"

	"virgo/collect/script"
	"virgo/collect/script/api"
)

// maxFindings bounds the list: a text that is no Lua at all has as many mistakes as words.
const maxFindings = 100

// A Finding is one mistake.
type Finding struct {
	File  string
	Line  int // 0: of the file as a whole
	Text  string
	Fatal bool // the script cannot work like this; otherwise it may
}

func (f Finding) String() string {
	if f.Line == 0 {
		return f.File + ": " + f.Text
	}
	return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Text)
}

// Check returns the mistakes in a script, a library or a test, by line. The others are the files
// that it may require, by name.
func Check(name string, text []byte, others map[string][]byte) []Finding {
	return check(newIndex(append(script.Language(), api.Doc()...)), name, text, others)
}

func check(known *index, name string, text []byte, others map[string][]byte) []Finding {
	w := &walker{
		file: name, known: known, others: others, test: strings.HasSuffix(name, "_test.lua"),
		assigned: map[string]bool{},
	}
	chunk, err := parseChunk(name, text)
	if err != nil {
		line, fault := syntaxFault(err)
		w.fatal(line, "%s", fault)
		return w.findings
	}
	w.declare(chunk)
	w.block(chunk)
	w.report()
	if w.declared == nil && !w.test && path.Dir(name) == "." {
		w.fatal(0, "does not return check { … }, so it has no type; libraries belong in lib")
	}
	slices.SortStableFunc(w.findings, func(a, b Finding) int { return cmp.Compare(a.Line, b.Line) })
	return w.findings
}

// parseChunk parses a text once it is known to compile, and so to be bounded in its depth.
func parseChunk(name string, text []byte) ([]ast.Stmt, error) {
	if err := script.CheckSyntax(name, text); err != nil {
		return nil, err
	}
	return parse.Parse(bytes.NewReader(bytes.TrimPrefix(text, []byte("\uFEFF"))), name)
}

// syntaxFault returns line and text of an error of parseChunk.
func syntaxFault(err error) (int, string) {
	var e *script.Error
	if !errors.As(err, &e) {
		return 0, err.Error()
	}
	return e.Line, e.Text
}

func (w *walker) fatal(line int, format string, args ...any) {
	w.add(Finding{w.file, line, fmt.Sprintf(format, args...), true})
}

func (w *walker) warn(line int, format string, args ...any) {
	w.add(Finding{w.file, line, fmt.Sprintf(format, args...), false})
}

// add keeps a finding once: the same name in one line is one mistake.
func (w *walker) add(f Finding) {
	if len(w.findings) < maxFindings && !slices.Contains(w.findings, f) {
		w.findings = append(w.findings, f)
	}
}
