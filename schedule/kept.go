package schedule

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"
)

// The kinds of a kept value, one byte before it.
const (
	keptNull   = iota
	keptText   // text
	keptNumber // its digits, as text
	keptTrue
	keptFalse
	keptList // uvarint count, then the values
	keptMap  // uvarint count, then of each: key (text), value
)

func appendKeptText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendKeptBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

// appendKept appends one value of a check's details. Go's own numbers come back as json.Number.
func appendKept(b []byte, v any, depth int) ([]byte, error) {
	if depth > MaxDetailDepth {
		return b, fmt.Errorf("nested more than %d deep", MaxDetailDepth)
	}
	var err error
	switch v := v.(type) {
	case nil:
		return append(b, keptNull), nil
	case string:
		return appendKeptText(append(b, keptText), v), nil
	case bool:
		if v {
			return append(b, keptTrue), nil
		}
		return append(b, keptFalse), nil
	case []string:
		b = binary.AppendUvarint(append(b, keptList), uint64(len(v)))
		for _, item := range v {
			b = appendKeptText(append(b, keptText), item)
		}
		return b, nil
	case []any:
		b = binary.AppendUvarint(append(b, keptList), uint64(len(v)))
		for _, item := range v {
			if b, err = appendKept(b, item, depth+1); err != nil {
				return b, err
			}
		}
		return b, nil
	case map[string]any:
		b = binary.AppendUvarint(append(b, keptMap), uint64(len(v)))
		for _, key := range Details(v).Keys() {
			if b, err = appendKept(appendKeptText(b, key), v[key], depth+1); err != nil {
				return b, err
			}
		}
		return b, nil
	}
	text, ok := scalarText(v)
	if !ok || !isNumber(text) {
		return b, fmt.Errorf("a %T is nothing that JSON has", v)
	}
	return appendKeptText(append(b, keptNumber), text), nil
}

// A keptReader reads what the functions above appended. Once something is not as it must be, bad is
// set and all that it reads is zero.
type keptReader struct {
	rest []byte
	bad  bool
}

func (r *keptReader) fail() {
	r.bad, r.rest = true, nil
}

func (r *keptReader) byte() byte {
	if len(r.rest) == 0 {
		r.fail()
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *keptReader) bool() bool {
	b := r.byte()
	if b > 1 {
		r.fail()
	}
	return b == 1
}

func (r *keptReader) uvarint() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *keptReader) varint() int64 {
	n, size := binary.Varint(r.rest)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *keptReader) seconds(most time.Duration) time.Duration {
	n := r.uvarint()
	if n > uint64(most/time.Second) {
		r.fail()
		return 0
	}
	return time.Duration(n) * time.Second
}

func (r *keptReader) text() string {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.fail()
		return ""
	}
	s := string(r.rest[:n])
	r.rest = r.rest[n:]
	return s
}

// json gives what was JSON when it was kept; nil where it was absent.
func (r *keptReader) json() json.RawMessage {
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

func (r *keptReader) value(depth int) any {
	if depth > MaxDetailDepth {
		r.fail()
		return nil
	}
	switch r.byte() {
	case keptNull:
		return nil
	case keptText:
		return r.text()
	case keptNumber:
		text := r.text()
		if !isNumber(text) {
			r.fail()
		}
		return json.Number(text)
	case keptTrue:
		return true
	case keptFalse:
		return false
	case keptList:
		list := make([]any, 0, r.count())
		for range cap(list) {
			list = append(list, r.value(depth+1))
		}
		return list
	case keptMap:
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

// count is a number of values that can follow: each takes a byte at least.
func (r *keptReader) count() int {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.fail()
		return 0
	}
	return int(n)
}
