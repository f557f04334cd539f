package yaml

import "strings"

// parseValue parses a value up to the end of the line, including a comment after it. depth is that of the
// collection that contains it.
func parseValue(s string, line, depth int) (Node, bool) {
	if s == "" || s[0] != '[' && s[0] != '{' {
		return parseScalar(s, line)
	}
	n, after, ok := parseFlow(s, line, depth+1)
	return n, ok && endsLine(after)
}

// endsLine reports whether only a comment follows a value.
func endsLine(after string) bool {
	comment := strings.TrimLeft(after, " ")
	return comment == "" || comment[0] == '#' && after[0] == ' '
}

// parseFlow parses a list or a mapping that is written within one line, [a, b] or {a: b}, and
// returns what follows it.
func parseFlow(s string, line, depth int) (n Node, after string, ok bool) {
	if depth+2 > MaxDepth {
		return n, "", false
	}
	n = Node{Kind: List, Line: line, Items: make([]Node, 0, 4)}
	end := byte(']')
	if s[0] == '{' {
		n = Node{Kind: Map, Line: line, Fields: make([]Field, 0, 4)}
		end = '}'
	}
	s = strings.TrimLeft(s[1:], " ")
	if s != "" && s[0] == end {
		return n, s[1:], true
	}
	for {
		f := Field{Line: line}
		if n.Kind == Map {
			if f.Key, s, ok = splitKey(s); !ok || len(n.Fields) == maxPlainFields || hasKey(n.Fields, f.Key) {
				return n, "", false
			}
		}
		if f.Value, s, ok = parseFlowItem(s, line, depth); !ok {
			return n, "", false
		}
		if n.Kind == Map {
			n.Fields = append(n.Fields, f)
		} else {
			n.Items = append(n.Items, f.Value)
		}
		s = strings.TrimLeft(s, " ")
		switch {
		case s == "":
			return n, "", false // it goes on in the next line
		case s[0] == end:
			return n, s[1:], true
		case s[0] != ',':
			return n, "", false
		}
		s = strings.TrimLeft(s[1:], " ")
	}
}

// parseFlowItem parses an item of a list, or a value of a mapping. Text without quotes has no spaces
// here, and of the punctuation only what paths, patterns for them, addresses and numbers have.
func parseFlowItem(s string, line, depth int) (n Node, after string, ok bool) {
	if s == "" {
		return n, "", false
	}
	switch s[0] {
	case '[', '{':
		return parseFlow(s, line, depth+1)
	case '"', '\'':
		n = Node{Kind: Text, Line: line}
		n.Text, after, ok = parseQuoted(s)
		return n, after, ok
	}
	i := 0
	for i < len(s) && (isLetter(s[i]) || isDigit(s[i]) || strings.IndexByte("./:-*", s[i]) >= 0) {
		i++
	}
	if i == 0 || s[i-1] == ':' || s[i-1] == '-' {
		return n, "", false
	}
	n = Node{Line: line}
	n.Kind, ok = scalarKind(s[:i])
	if n.Kind != Null {
		n.Text = s[:i]
	}
	return n, s[i:], ok
}
