package yaml

import (
	"bytes"
	"errors"
	"strconv"
)

const (
	// MaxBytes is the largest file.
	MaxBytes = 4 << 20
	// MaxDepth is the deepest nesting of mappings and sequences.
	MaxDepth = 32
	// ByteOrderMark may begin a file: some Windows editors write it.
	ByteOrderMark = "\xef\xbb\xbf"
)

// A Parser parses one document; file is its name in errors. An empty document is Null. Every error is
// an *Error. Two parsers return the same tree for a file that both accept.
type Parser func(file string, data []byte) (Node, error)

// ErrNotPlain is returned when a file is not plain YAML: it may be wrong, or need a parser that
// accepts more.
var ErrNotPlain = errors.New("not plain YAML")

// ParsePlain is the Parser for plain files. It does not distinguish what is wrong from what it does
// not accept: the error wraps [ErrNotPlain] for both.
func ParsePlain(file string, data []byte) (Node, error) {
	if len(data) > MaxBytes {
		return Node{}, &Error{File: file, Text: "larger than " + strconv.Itoa(MaxBytes) + " bytes"}
	}
	root, ok := parsePlain(bytes.TrimPrefix(data, []byte(ByteOrderMark)))
	if !ok {
		return Node{}, &Error{File: file, Text: ErrNotPlain.Error(), Err: ErrNotPlain}
	}
	return root, nil
}
