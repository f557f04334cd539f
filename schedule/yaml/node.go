package yaml

// A Kind is the kind of a Node.
type Kind uint8

// The kinds. A scalar without quotes is Null, Bool or Number by YAML 1.2's core schema, else Text.
const (
	Null Kind = iota
	Text
	Number
	Bool
	List
	Map
)

// String returns the name of the kind for errors.
func (k Kind) String() string {
	switch k {
	case Text:
		return "text"
	case Number:
		return "a number"
	case Bool:
		return "a boolean"
	case List:
		return "a list"
	case Map:
		return "a mapping"
	default:
		return "nothing"
	}
}

// A Node is a value. The zero value is Null without a line.
type Node struct {
	Kind Kind
	// Line of the value, from 1; of its key where the value is missing.
	Line int
	// Text of a scalar: its value for Text, the source text for Number and Bool, empty for Null.
	Text string
	// Items of a List.
	Items []Node
	// Fields of a Map, in source order; keys are distinct.
	Fields []Field
}

// A Field is one key of a mapping and its value.
type Field struct {
	Key   string
	Line  int
	Value Node
}
