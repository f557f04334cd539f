package host

import (
	"encoding/binary"
	"math"
	"time"
)

// A sample is
//
//	kind     byte, of the check
//	version  byte, of the kind's layout
//	boot     8 bytes, big-endian: the id of the boot that its counters count from
//	the rest as its kind says: uvarints, and strings preceded by their length
const sampleHeader = 10

func newSample(kind, version byte, boot uint64) []byte {
	b := make([]byte, 0, 128)
	return binary.BigEndian.AppendUint64(append(b, kind, version), boot)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// A sampleReader reads a sample. After the first error it returns zeros.
type sampleReader struct {
	rest    []byte
	invalid bool
}

// openSample returns a reader of what follows the header, and the boot's id. A sample of another
// kind or version is invalid.
func openSample(b []byte, kind, version byte) (*sampleReader, uint64) {
	if len(b) < sampleHeader || b[0] != kind || b[1] != version {
		return &sampleReader{invalid: true}, 0
	}
	return &sampleReader{rest: b[sampleHeader:]}, binary.BigEndian.Uint64(b[2:])
}

func (r *sampleReader) uint() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 || r.invalid {
		r.invalid = true
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// milliseconds reads a duration.
func (r *sampleReader) milliseconds() time.Duration {
	ms := r.uint()
	if ms > uint64(math.MaxInt64/time.Millisecond) {
		r.invalid = true
		return 0
	}
	return time.Duration(ms) * time.Millisecond
}

// count reads the number of items that follow, each of at least size bytes.
func (r *sampleReader) count(size int) int {
	n := r.uint()
	if n > uint64(len(r.rest)/size) {
		r.invalid = true
		return 0
	}
	return int(n)
}

// text reads a string, which shares memory with the sample.
func (r *sampleReader) text() []byte {
	n := r.count(1)
	s := r.rest[:n]
	r.rest = r.rest[n:]
	return s
}

// ok reports whether the sample was valid and read to its end.
func (r *sampleReader) ok() bool { return !r.invalid && len(r.rest) == 0 }
