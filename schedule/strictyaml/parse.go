package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Parse reads one document; file is what errors call it. An empty document is Null. Every error is an
// *Error.
func Parse(file string, data []byte) (Node, error) {
	if len(data) > MaxBytes {
		return Node{}, &Error{File: file, Text: fmt.Sprintf("larger than %d bytes", MaxBytes)}
	}
	// Windows editors begin a file with a byte order mark.
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if root, ok := readPlain(data); ok {
		return root, nil
	}
	return parseFull(file, data)
}

// parseFull reads all of the subset, and explains what cannot be read.
func parseFull(file string, data []byte) (root Node, err error) {
	if at := invalidUTF8(data); at >= 0 {
		return Node{}, &Error{File: file, Line: 1 + bytes.Count(data[:at], []byte("\n")), Text: "not UTF-8 text", Help: "save the file as UTF-8"}
	}
	// The parser is not ours: a bug of it on odd input must be an error about that input.
	defer func() {
		if r := recover(); r != nil {
			root, err = Node{}, &Error{File: file, Text: "not YAML that can be read"}
		}
	}()
	tokens := lexer.Tokenize(string(data))
	if err := guard(file, tokens); err != nil {
		return Node{}, err
	}
	// Duplicate keys are found by the tree's builder, which says both lines.
	tree, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return Node{}, syntaxError(file, err)
	}
	var body ast.Node
	for _, doc := range tree.Docs {
		if doc.Body == nil {
			continue
		}
		if _, comment := doc.Body.(*ast.CommentGroupNode); comment {
			continue
		}
		if body != nil {
			return Node{}, &Error{File: file, Line: lineOf(doc.Body), Text: "a second document: one a file"}
		}
		body = doc.Body
	}
	if body == nil {
		return Node{}, nil
	}
	b := builder{file: file}
	return b.node(body, 0)
}

// invalidUTF8 gives the offset of the first byte that is not UTF-8; -1 where there is none.
func invalidUTF8(data []byte) int {
	if utf8.Valid(data) {
		return -1
	}
	at := 0
	for {
		r, n := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && n <= 1 {
			return at
		}
		at += n
	}
}

// syntaxError takes over the parser's message and line. What the message quotes of the file is cut off:
// it may be part of a secret.
func syntaxError(file string, err error) error {
	out := &Error{File: file, Text: "not YAML"}
	var positioned interface {
		GetMessage() string
		GetToken() *token.Token
	}
	if !errors.As(err, &positioned) {
		return out
	}
	msg := positioned.GetMessage()
	if i := strings.IndexAny(msg, `"':`); i >= 0 {
		msg = msg[:i]
	}
	if msg = strings.TrimSpace(msg); msg != "" {
		out.Text = "not YAML: " + msg
	}
	if t := positioned.GetToken(); t != nil && t.Position != nil {
		out.Line = t.Position.Line
	}
	return out
}
