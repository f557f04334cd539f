package accounts

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
	utmpLast     = 9 // the highest number
)

// A utmpRecord is a record of /run/utmp or /var/log/wtmp.
type utmpRecord struct {
	kind             int
	line, user, host string
	time             time.Time
}

// A utmpLayout says where the fields of a record are. All layouts begin alike:
//
//	0 type int16, 4 pid int32, 8 line [32], 40 id [4], 44 user [32], 76 host [256], 332 exit 2×int16
//
// The session and the time that follow have 32 bits where programs of 32 and of 64 bits share the
// file (x86, PowerPC), and 64 bits elsewhere (ARM, RISC-V).
type utmpLayout struct {
	size int
	time func(record []byte) time.Time
}

// utmpStride is a multiple of the record sizes of both layouts.
const utmpStride = 9600

func utmpLayouts() []utmpLayout {
	order := binary.NativeEndian
	return []utmpLayout{
		{384, func(r []byte) time.Time {
			// Its seconds are read without a sign: until 2106, instead of 2038.
			return time.Unix(int64(order.Uint32(r[340:])), int64(int32(order.Uint32(r[344:])))*1000)
		}},
		{400, func(r []byte) time.Time {
			return time.Unix(int64(order.Uint64(r[344:])), int64(order.Uint64(r[352:]))*1000)
		}},
	}
}

// parseUtmp parses records of utmp(5), oldest first, in the layout that fits most records. Part of
// a record at the end is being written.
func parseUtmp(b []byte) []utmpRecord {
	var best utmpLayout
	most := 0
	for _, l := range utmpLayouts() {
		if n := l.count(b); n > most {
			best, most = l, n
		}
	}
	if most == 0 {
		return nil
	}
	all := make([]utmpRecord, 0, len(b)/best.size)
	for ; len(b) >= best.size; b = b[best.size:] {
		all = append(all, utmpRecord{
			kind: int(binary.NativeEndian.Uint16(b)),
			line: cString(b[8:40]), user: cString(b[44:76]), host: cString(b[76:332]),
			time: best.time(b).UTC(),
		})
	}
	return all
}

// count is the number of records that are not empty; 0 if one of them does not begin with a known
// kind and the two zero bytes that align the next field.
func (l utmpLayout) count(b []byte) int {
	n := 0
	for ; len(b) >= l.size; b = b[l.size:] {
		kind := binary.NativeEndian.Uint16(b)
		if kind > utmpLast || b[2] != 0 || b[3] != 0 {
			return 0
		}
		if kind != 0 {
			n++
		}
	}
	return n
}

func cString(b []byte) string {
	if n := bytes.IndexByte(b, 0); n >= 0 {
		b = b[:n]
	}
	return string(bytes.ToValidUTF8(b, []byte("?")))
}
