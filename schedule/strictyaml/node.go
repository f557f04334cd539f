package strictyaml

// A Kind is what a Node is.
type Kind uint8

// The kinds. A scalar without quotes is Null, Bool or Number where YAML 1.2's core schema reads it so,
// else Text.
const (
	Null Kind = iota
	Text
	Number
	Bool
	List
	Map
)

// String is the kind as an error names it.
func (k Kind) String() string {
	switch k {
	case Text:
		return "text"
	case Number:
		return "a number"
	case Bool:
		return "true or false"
	case List:
		return "a list"
	case Map:
		return "a mapping"
	default:
		return "nothing"
	}
}

// A Node is one value. The zero value is Null without a line.
type Node struct {
	Kind Kind
	// Line is the value's, from 1; that of its key where the value is left out.
	Line int
	// Text of a scalar: of Text its value, of Number and Bool what is written, of Null empty.
	Text string
	// Items of a List.
	Items []Node
	// Fields of a Map, in the order that they are written; keys are distinct.
	Fields []Field
}

// A Field is one key of a mapping and its value.
type Field struct {
	Key   string
	Line  int
	Value Node
}
