package spool

import (
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Limits of a record.
const (
	// MaxRecordBytes bounds an entry's data: what a frame of 4 MiB can carry, with room for the
	// frame itself.
	MaxRecordBytes = 4<<20 - 64<<10
	// MaxAgentBytes bounds an agent's id.
	MaxAgentBytes = 1 << 10
)

// An Entry is what a caller wants kept.
type Entry struct {
	// Agent is the id of the agent that the record belongs to.
	Agent string
	// Made is when the record was made, kept to the millisecond. The bound on age does not
	// look at it.
	Made time.Time
	// Data is opaque.
	Data []byte
}

// A Record is an Entry in the spool.
type Record struct {
	// Seq orders the records; it only grows.
	Seq uint64
	// ID names the record for ever, wherever it is carried.
	ID    string
	Agent string
	Made  time.Time
	Data  []byte
}

// A record as it is stored (see the package comment):
//
//	kind u8, sum u32, at u64, made i64, start u64, agent u16 + bytes, data
const (
	kindPlain   = 1
	sumAt       = 1
	summedFrom  = 5
	recordFixed = summedFrom + 8 + 8 + 8 + 2
	keyBytes    = 8
)

var errRecord = errors.New("not a record")

// stored is a record's value, taken apart; its slices point into it.
type stored struct {
	at          uint64 // ms of the spool's clock
	made        int64  // ms since the epoch
	start       uint64
	agent, data []byte
}

// recordSize is what a record of that agent and data takes in the file, key and all.
func recordSize(agent string, data int) int { return keyBytes + recordFixed + len(agent) + data }

// appendRecord appends the value that is stored under seq.
func appendRecord(b []byte, seq uint64, at uint64, start uint64, e *Entry) []byte {
	from := len(b)
	b = append(b, kindPlain, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint64(b, at)
	b = binary.BigEndian.AppendUint64(b, uint64(e.Made.UnixMilli()))
	b = binary.BigEndian.AppendUint64(b, start)
	b = binary.BigEndian.AppendUint16(b, uint16(len(e.Agent)))
	b = append(b, e.Agent...)
	b = append(b, e.Data...)
	v := b[from:]
	binary.BigEndian.PutUint32(v[sumAt:], recordSum(seq, v))
	return b
}

// recordSum covers the sequence too, so that a record in another's place is found out.
func recordSum(seq uint64, v []byte) uint32 { return uint32(xxh64(seq, v[summedFrom:])) }

// parseRecord takes a value apart; errRecord where its form or its sum is wrong.
func parseRecord(seq uint64, v []byte) (r stored, err error) {
	if len(v) < recordFixed || v[0] != kindPlain || binary.BigEndian.Uint32(v[sumAt:]) != recordSum(seq, v) {
		return stored{}, errRecord
	}
	r.at = recordTime(v)
	r.made = int64(binary.BigEndian.Uint64(v[summedFrom+8:]))
	r.start = binary.BigEndian.Uint64(v[summedFrom+16:])
	n := int(binary.BigEndian.Uint16(v[recordFixed-2:]))
	if n > len(v)-recordFixed {
		return stored{}, errRecord
	}
	r.agent, r.data = v[recordFixed:recordFixed+n], v[recordFixed+n:]
	return r, nil
}

// recordTime is the time of the spool's clock in a value that has not been checked; 0 where it is too
// short.
func recordTime(v []byte) uint64 {
	if len(v) < recordFixed {
		return 0
	}
	return binary.BigEndian.Uint64(v[summedFrom:])
}

// parseKey returns 0, which is no record's, for what is not a key.
func parseKey(k []byte) uint64 {
	if len(k) != keyBytes {
		return 0
	}
	return binary.BigEndian.Uint64(k)
}

func keyOf(seq uint64) (k [keyBytes]byte) {
	binary.BigEndian.PutUint64(k[:], seq)
	return k
}

// idSize is at least the length of an id.
func idSize(agent int) int { return agent + 1 + 16 + 1 + 16 }

// writeID writes agent/start-seq, start with its leading zeros.
func writeID(b *strings.Builder, agent []byte, start, seq uint64) {
	var buf [16]byte
	b.Write(agent)
	b.WriteByte('/')
	hex := strconv.AppendUint(buf[:0], start, 16)
	b.WriteString("0000000000000000"[len(hex):])
	b.Write(hex)
	b.WriteByte('-')
	b.Write(strconv.AppendUint(buf[:0], seq, 16))
}

// seqOf reads the sequence off an id's end; 0 where there is none.
func seqOf(id string) uint64 {
	_, hex, ok := strings.Cut(id[strings.LastIndexByte(id, '/')+1:], "-")
	seq, err := strconv.ParseUint(hex, 16, 64)
	if !ok || err != nil {
		return 0
	}
	return seq
}
