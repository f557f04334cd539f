package schedule

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"virgo/schedule/shorttext"
)

// The kinds of a value in binary form, one byte before it.
const (
	binaryNull   = iota
	binaryText   // text
	binaryNumber // its digits, as text
	binaryTrue
	binaryFalse
	binaryList // uvarint count, then the values
	binaryMap  // uvarint count, then for each: key (text), value
)

func appendBinaryText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendBinaryBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

// appendBinaryValue appends one value of a check's details. Go's own numbers are read back as
// json.Number.
func appendBinaryValue(b []byte, v any, depth int) ([]byte, error) {
	if depth > MaxDetailDepth {
		return b, fmt.Errorf("nested more than %d deep", MaxDetailDepth)
	}
	var err error
	switch v := v.(type) {
	case nil:
		return append(b, binaryNull), nil
	case string:
		return appendBinaryText(append(b, binaryText), v), nil
	case bool:
		if v {
			return append(b, binaryTrue), nil
		}
		return append(b, binaryFalse), nil
	case []string:
		b = binary.AppendUvarint(append(b, binaryList), uint64(len(v)))
		for _, item := range v {
			b = appendBinaryText(append(b, binaryText), item)
		}
		return b, nil
	case []any:
		b = binary.AppendUvarint(append(b, binaryList), uint64(len(v)))
		for _, item := range v {
			if b, err = appendBinaryValue(b, item, depth+1); err != nil {
				return b, err
			}
		}
		return b, nil
	case map[string]any:
		b = binary.AppendUvarint(append(b, binaryMap), uint64(len(v)))
		for _, key := range Details(v).Keys() {
			if b, err = appendBinaryValue(appendBinaryText(b, key), v[key], depth+1); err != nil {
				return b, err
			}
		}
		return b, nil
	}
	text, ok := scalarText(v)
	if !ok || !isNumber(text) {
		return b, fmt.Errorf("%T %q has no JSON form", v, shorttext.Truncate(text, 64))
	}
	return appendBinaryText(append(b, binaryNumber), text), nil
}

// A binaryReader reads what the functions above append. After the first byte that is not valid,
// failed is set and everything reads as zero.
type binaryReader struct {
	rest   []byte
	failed bool
}

func (r *binaryReader) fail() {
	r.failed, r.rest = true, nil
}

func (r *binaryReader) byte() byte {
	if len(r.rest) == 0 {
		r.fail()
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *binaryReader) bool() bool {
	b := r.byte()
	if b > 1 {
		r.fail()
	}
	return b == 1
}

func (r *binaryReader) uvarint() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *binaryReader) varint() int64 {
	n, size := binary.Varint(r.rest)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// seconds reads a count of seconds, limit at most.
func (r *binaryReader) seconds(limit time.Duration) time.Duration {
	n := r.uvarint()
	if n > uint64(limit/time.Second) {
		r.fail()
		return 0
	}
	return time.Duration(n) * time.Second
}

func (r *binaryReader) text() string {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.fail()
		return ""
	}
	s := string(r.rest[:n])
	r.rest = r.rest[n:]
	return s
}

// json reads JSON stored as text; nil where it is empty.
func (r *binaryReader) json() json.RawMessage {
	s := r.text()
	if s == "" {
		return nil
	}
	if !json.Valid([]byte(s)) {
		r.fail()
		return nil
	}
	return json.RawMessage(s)
}

func (r *binaryReader) value(depth int) any {
	if depth > MaxDetailDepth {
		r.fail()
		return nil
	}
	switch r.byte() {
	case binaryNull:
		return nil
	case binaryText:
		return r.text()
	case binaryNumber:
		text := r.text()
		if !isNumber(text) {
			r.fail()
		}
		return json.Number(text)
	case binaryTrue:
		return true
	case binaryFalse:
		return false
	case binaryList:
		list := make([]any, 0, r.count())
		for range cap(list) {
			list = append(list, r.value(depth+1))
		}
		return list
	case binaryMap:
		n := r.count()
		m := make(map[string]any, n)
		for range n {
			key := r.text()
			m[key] = r.value(depth + 1)
		}
		if len(m) != n {
			r.fail()
		}
		return m
	default:
		r.fail()
		return nil
	}
}

// count reads the number of values that follow; each takes at least one byte.
func (r *binaryReader) count() int {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.fail()
		return 0
	}
	return int(n)
}
