package hostinfo

import (
	"bytes"
	"encoding/binary"
	"time"
)

// Kinds of records, as utmp(5) numbers them.
const (
	utmpRunLevel = 1
	utmpBoot     = 2
	utmpUser     = 7
	utmpDead     = 8
	utmpLast     = 9 // the highest
)

// A utmpRecord is one of /run/utmp or /var/log/wtmp.
type utmpRecord struct {
	kind             int
	line, user, host string
	time             time.Time
}

// A utmpLayout is where the fields of a record lie. All begin alike:
//
//	0 type int16, 4 pid int32, 8 line [32], 40 id [4], 44 user [32], 76 host [256], 332 exit 2×int16
//
// What follows, the session and the time, is of 32 bits where programs of 32 and of 64 bits share the file (x86,
// PowerPC), and of 64 elsewhere (ARM, RISC-V).
type utmpLayout struct {
	size int
	time func(record []byte) time.Time
}

// utmpStride is a multiple of both layouts' sizes.
const utmpStride = 9600

func utmpLayouts() []utmpLayout {
	order := binary.NativeEndian
	return []utmpLayout{
		{384, func(r []byte) time.Time {
			return time.Unix(int64(int32(order.Uint32(r[340:]))), int64(int32(order.Uint32(r[344:])))*1000)
		}},
		{400, func(r []byte) time.Time {
			return time.Unix(int64(order.Uint64(r[344:])), int64(order.Uint64(r[352:]))*1000)
		}},
	}
}

// parseUtmp parses records of utmp(5), oldest first. The layout is the one that fits; a piece of a record at the
// end is one that is just being written.
func parseUtmp(b []byte) []utmpRecord {
	for _, l := range utmpLayouts() {
		if !l.fits(b) {
			continue
		}
		all := make([]utmpRecord, 0, len(b)/l.size)
		for ; len(b) >= l.size; b = b[l.size:] {
			all = append(all, utmpRecord{
				kind: int(binary.NativeEndian.Uint16(b)),
				line: cString(b[8:40]), user: cString(b[44:76]), host: cString(b[76:332]),
				time: l.time(b).UTC(),
			})
		}
		return all
	}
	return nil
}

// fits says whether every record begins with a kind that there is, and the two bytes that only align the next field.
func (l utmpLayout) fits(b []byte) bool {
	for r := b; len(r) >= l.size; r = r[l.size:] {
		if binary.NativeEndian.Uint16(r) > utmpLast || r[2] != 0 || r[3] != 0 {
			return false
		}
	}
	return len(b) >= l.size
}

func cString(b []byte) string {
	if n := bytes.IndexByte(b, 0); n >= 0 {
		b = b[:n]
	}
	return string(bytes.ToValidUTF8(b, []byte("?")))
}
