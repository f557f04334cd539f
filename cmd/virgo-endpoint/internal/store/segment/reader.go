package segment

import (
	"encoding/binary"
	"errors"
)

// errShort is the error of data that end too early or hold an impossible length.
var errShort = errors.New("its content is not what was written")

// A reader reads values from a row's data. After the first fault all are zero, and err is set.
type reader struct {
	data []byte
	err  error
}

func (r *reader) uint() uint64 {
	n, size := binary.Uvarint(r.data)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.data = r.data[size:]
	return n
}

func (r *reader) int() int64 {
	n, size := binary.Varint(r.data)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.data = r.data[size:]
	return n
}

// bytes returns the next n bytes, which are a part of the row's data.
func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.data)) {
		r.fail()
		return nil
	}
	b := r.data[:n:n]
	r.data = r.data[n:]
	return b
}

func (r *reader) text() string { return string(r.bytes(r.uint())) }

func (r *reader) fail() {
	r.data = nil
	if r.err == nil {
		r.err = errShort
	}
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}
