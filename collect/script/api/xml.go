package api

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect/script"
)

func xmlModule() script.Module {
	return script.Module{
		Name: "xml", Pure: true,
		Doc: "XML without document types: no entity but the five that XML itself has.",
		Functions: []script.Function{
			{Name: "decode", Signature: "xml.decode(text) -> {name, attr, children, text}", MinArgs: 1, MaxArgs: 1,
				Doc: "The outermost element: its name and those of its attributes without prefix, " +
					"its children as a list of such elements, and the text that is directly in it. " +
					"What is not XML, nested more than 64 deep, or has more than 20,000 elements and " +
					"attributes gives nil and why.",
				Call: func(c *script.Call, l *lua.LState) int {
					root, err := decodeXML(l, textAt(c, l, 1))
					if err != nil {
						return c.Fail(l, fmt.Errorf("XML: %w", err))
					}
					l.Push(root)
					return 1
				}},
		},
	}
}

// element is one that is not closed yet.
type element struct {
	name     string
	attr     *lua.LTable
	children []lua.LValue
	text     strings.Builder
}

func (e *element) table(l *lua.LState) *lua.LTable {
	t := l.CreateTable(0, 4)
	t.RawSetString("name", lua.LString(e.name))
	t.RawSetString("attr", e.attr)
	t.RawSetString("children", tableOf(l, e.children))
	t.RawSetString("text", lua.LString(e.text.String()))
	return t
}

func decodeXML(l *lua.LState, text string) (*lua.LTable, error) {
	d := xml.NewDecoder(strings.NewReader(text))
	d.CharsetReader = charsetReader
	var (
		open  []*element
		root  *lua.LTable
		count int
	)
	for {
		token, err := d.Token()
		if err == io.EOF {
			if root == nil {
				return nil, errors.New("there is no element")
			}
			return root, nil
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if root != nil {
				return nil, errors.New("there is a second outermost element")
			}
			if len(open) == maxDepth {
				return nil, errTooDeep
			}
			if count += 1 + len(token.Attr); count > maxElements {
				return nil, fmt.Errorf("has more than %d elements and attributes", maxElements)
			}
			open = append(open, &element{name: token.Name.Local, attr: attributes(l, token.Attr)})
		case xml.EndElement: // the decoder compared its name
			last := len(open) - 1
			t := open[last].table(l)
			if open = open[:last]; last == 0 {
				root = t
			} else {
				open[last-1].children = append(open[last-1].children, t)
			}
		case xml.CharData:
			if len(open) > 0 {
				open[len(open)-1].text.Write(token)
			}
		}
	}
}

func attributes(l *lua.LState, list []xml.Attr) *lua.LTable {
	t := l.CreateTable(0, len(list))
	for _, a := range list {
		if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
			t.RawSetString(a.Name.Local, lua.LString(a.Value))
		}
	}
	return t
}

// charsetReader reads Latin-1, which older devices write; the decoder itself knows UTF-8.
func charsetReader(charset string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(charset) {
	case "us-ascii", "ascii":
		return r, nil
	case "iso-8859-1", "latin1":
		b, err := io.ReadAll(r) // as long as the text that the script passed
		if err != nil {
			return nil, err
		}
		runes := make([]rune, len(b))
		for i, c := range b {
			runes[i] = rune(c)
		}
		return strings.NewReader(string(runes)), nil
	}
	return nil, fmt.Errorf("unknown character set %.40q", charset)
}
