package full

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"virgo/schedule/yaml"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
)

// Parse is the yaml.Parser for the whole subset.
func Parse(file string, data []byte) (yaml.Node, error) {
	root, err := yaml.ParsePlain(file, data)
	if errors.Is(err, yaml.ErrNotPlain) {
		return parseAll(file, data)
	}
	return root, err
}

// parseAll parses plain files, too.
func parseAll(file string, data []byte) (root yaml.Node, err error) {
	data = bytes.TrimPrefix(data, []byte(yaml.ByteOrderMark))
	if at := invalidUTF8(data); at >= 0 {
		line := 1 + bytes.Count(data[:at], []byte("\n"))
		return yaml.Node{}, &yaml.Error{File: file, Line: line, Text: "not UTF-8 text", Help: "save the file as UTF-8"}
	}
	// The library counts some of Windows' line ends twice.
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	// A panic in the library must be an error about its input.
	defer func() {
		if r := recover(); r != nil {
			root, err = yaml.Node{}, &yaml.Error{File: file, Text: "not valid YAML"}
		}
	}()
	tokens := lexer.Tokenize(string(data))
	if err := guard(file, tokens); err != nil {
		return yaml.Node{}, err
	}
	// The builder finds duplicate keys, and reports both lines.
	tree, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return yaml.Node{}, syntaxError(file, data, err)
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
			return yaml.Node{}, &yaml.Error{File: file, Line: lineOf(doc.Body), Text: "a second document; a file has one"}
		}
		body = doc.Body
	}
	if body == nil {
		return yaml.Node{}, nil
	}
	b := builder{file: file}
	return b.node(body, 0)
}

// invalidUTF8 returns the offset of the first byte that is not UTF-8; -1 where there is none.
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
