package full

import (
	"fmt"

	"virgo/schedule/yaml"

	"github.com/goccy/go-yaml/ast"
)

// A builder converts the parser's tree to Nodes.
type builder struct{ file string }

func (b builder) node(n ast.Node, depth int) (yaml.Node, error) {
	if depth > yaml.MaxDepth {
		return yaml.Node{}, &yaml.Error{File: b.file, Line: lineOf(n), Text: "nested too deep"}
	}
	switch n := n.(type) {
	case *ast.NullNode:
		return yaml.Node{Kind: yaml.Null, Line: lineOf(n)}, nil
	case *ast.BoolNode:
		return yaml.Node{Kind: yaml.Bool, Line: lineOf(n), Text: n.Token.Value}, nil
	case *ast.IntegerNode:
		return yaml.Node{Kind: yaml.Number, Line: lineOf(n), Text: n.Token.Value}, nil
	case *ast.FloatNode:
		return yaml.Node{Kind: yaml.Number, Line: lineOf(n), Text: n.Token.Value}, nil
	case *ast.InfinityNode:
		return yaml.Node{Kind: yaml.Number, Line: lineOf(n), Text: n.Token.Value}, nil
	case *ast.NanNode:
		return yaml.Node{Kind: yaml.Number, Line: lineOf(n), Text: n.Token.Value}, nil
	case *ast.StringNode:
		return yaml.Node{Kind: yaml.Text, Line: lineOf(n), Text: n.Value}, nil
	case *ast.LiteralNode:
		return yaml.Node{Kind: yaml.Text, Line: lineOf(n), Text: n.Value.Value}, nil
	case *ast.SequenceNode:
		out := yaml.Node{Kind: yaml.List, Line: lineOf(n), Items: make([]yaml.Node, 0, len(n.Values))}
		for _, v := range n.Values {
			item, err := b.node(v, depth+1)
			if err != nil {
				return yaml.Node{}, err
			}
			out.Items = append(out.Items, item)
		}
		return out, nil
	case *ast.MappingNode:
		return b.mapping(n, n.Values, depth)
	case *ast.MappingValueNode:
		return b.mapping(n, []*ast.MappingValueNode{n}, depth)
	default:
		return yaml.Node{}, &yaml.Error{File: b.file, Line: lineOf(n), Text: "this form of YAML is not supported"}
	}
}

// fewFields is the largest mapping that is searched for duplicate keys without an index.
const fewFields = 16

func (b builder) mapping(n ast.Node, values []*ast.MappingValueNode, depth int) (yaml.Node, error) {
	out := yaml.Node{Kind: yaml.Map, Fields: make([]yaml.Field, 0, len(values))}
	var index map[string]int
	if len(values) > fewFields {
		index = make(map[string]int, len(values))
	}
	for _, v := range values {
		key, err := b.node(v.Key, depth+1)
		if err != nil {
			return yaml.Node{}, err
		}
		if key.Kind == yaml.List || key.Kind == yaml.Map {
			return yaml.Node{}, &yaml.Error{File: b.file, Line: key.Line, Text: "a key is " + key.Kind.String()}
		}
		f := yaml.Field{Key: key.Text, Line: key.Line}
		if first := find(out.Fields, index, f.Key); first >= 0 {
			text := fmt.Sprintf("duplicate key %s, first in line %d", yaml.QuoteKey(f.Key), out.Fields[first].Line)
			column := 0
			if t := v.Key.GetToken(); t != nil && t.Position != nil {
				column = t.Position.Column
			}
			return yaml.Node{}, &yaml.Error{File: b.file, Line: f.Line, Column: column, Text: text, Help: "remove one of the two"}
		}
		if f.Value, err = b.node(v.Value, depth+1); err != nil {
			return yaml.Node{}, err
		}
		if f.Value.Kind == yaml.Null {
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

func find(fields []yaml.Field, index map[string]int, key string) int {
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
