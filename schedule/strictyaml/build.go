package strictyaml

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"
)

// A builder makes Nodes of the parser's tree.
type builder struct{ file string }

func (b builder) node(n ast.Node, depth int) (Node, error) {
	if depth > MaxDepth {
		return Node{}, &Error{File: b.file, Line: lineOf(n), Text: "nested too deep"}
	}
	switch n := n.(type) {
	case *ast.NullNode:
		return Node{Kind: Null, Line: lineOf(n)}, nil
	case *ast.BoolNode:
		return Node{Kind: Bool, Line: lineOf(n), Text: n.Token.Value}, nil
	case *ast.IntegerNode:
		return Node{Kind: Number, Line: lineOf(n), Text: n.Token.Value}, nil
	case *ast.FloatNode:
		return Node{Kind: Number, Line: lineOf(n), Text: n.Token.Value}, nil
	case *ast.InfinityNode:
		return Node{Kind: Number, Line: lineOf(n), Text: n.Token.Value}, nil
	case *ast.NanNode:
		return Node{Kind: Number, Line: lineOf(n), Text: n.Token.Value}, nil
	case *ast.StringNode:
		return Node{Kind: Text, Line: lineOf(n), Text: n.Value}, nil
	case *ast.LiteralNode:
		return Node{Kind: Text, Line: lineOf(n), Text: n.Value.Value}, nil
	case *ast.SequenceNode:
		out := Node{Kind: List, Line: lineOf(n), Items: make([]Node, 0, len(n.Values))}
		for _, v := range n.Values {
			item, err := b.node(v, depth+1)
			if err != nil {
				return Node{}, err
			}
			out.Items = append(out.Items, item)
		}
		return out, nil
	case *ast.MappingNode:
		return b.mapping(n, n.Values, depth)
	case *ast.MappingValueNode:
		return b.mapping(n, []*ast.MappingValueNode{n}, depth)
	default:
		return Node{}, &Error{File: b.file, Line: lineOf(n), Text: "this form of YAML is not taken"}
	}
}

// fewFields is up to how many fields doubles are looked for without an index.
const fewFields = 16

func (b builder) mapping(n ast.Node, values []*ast.MappingValueNode, depth int) (Node, error) {
	out := Node{Kind: Map, Fields: make([]Field, 0, len(values))}
	var index map[string]int
	if len(values) > fewFields {
		index = make(map[string]int, len(values))
	}
	for _, v := range values {
		key, err := b.node(v.Key, depth+1)
		if err != nil {
			return Node{}, err
		}
		if key.Kind == List || key.Kind == Map {
			return Node{}, &Error{File: b.file, Line: key.Line, Text: "a key is " + key.Kind.String()}
		}
		f := Field{Key: key.Text, Line: key.Line}
		if first := find(out.Fields, index, f.Key); first >= 0 {
			return Node{}, &Error{File: b.file, Line: f.Line, Text: fmt.Sprintf("key %s is given twice, first in line %d", QuoteKey(f.Key), out.Fields[first].Line)}
		}
		if f.Value, err = b.node(v.Value, depth+1); err != nil {
			return Node{}, err
		}
		if f.Value.Kind == Null {
			f.Value.Line = f.Line
		}
		if index != nil {
			index[f.Key] = len(out.Fields)
		}
		out.Fields = append(out.Fields, f)
	}
	if out.Line = lineOf(n); len(out.Fields) > 0 {
		out.Line = out.Fields[0].Line
	}
	return out, nil
}

func find(fields []Field, index map[string]int, key string) int {
	if index != nil {
		if i, ok := index[key]; ok {
			return i
		}
		return -1
	}
	for i := range fields {
		if fields[i].Key == key {
			return i
		}
	}
	return -1
}

func lineOf(n ast.Node) int {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}
