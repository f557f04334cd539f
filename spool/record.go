package spool

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Limits of a record.
const (
	// MaxRecordBytes bounds an entry's data, so that it fits into a frame of 4 MiB with the frame's
	// other fields.
	MaxRecordBytes = 4<<20 - 64<<10
	// MaxAgentBytes bounds an agent's id.
	MaxAgentBytes = 1 << 10
)

// An Entry is what a caller appends.
type Entry struct {
	// Agent is the id of the agent that the record belongs to.
	Agent string
	// Made is when the record was made, stored in milliseconds. The bound on age does not use it.
	Made time.Time
	// Data is opaque.
	Data []byte
}

// A Record is an entry that is stored.
type Record struct {
	// Seq is the record's sequence number in the queue. It only grows; a rejected record that is
	// queued again gets a new one.
	Seq uint64
	// ID is the record's globally unique id. It never changes.
	ID string
	// Order is the record's first sequence number: its place in the order of appending.
	Order uint64
	Agent string
	Made  time.Time
	Data  []byte
}

// A record as it is stored (see the package comment):
//
//	kind u8, checksum u32, order u64 (kind 3 only), at u64, made i64, start u64, agent u16 + bytes,
//	data
const (
	kindPlain   = 1 // its order is its sequence number
	kindMoved   = 3 // it was rejected and queued again
	sumAt       = 1
	summedFrom  = 5
	orderBytes  = 8
	recordFixed = summedFrom + bodyFixed
	bodyFixed   = 8 + 8 + 8 + 2
	keyBytes    = 8
)

var errRecord = errors.New("not a record")

// stored is a parsed record; its slices point into the value.
type stored struct {
	seq, order  uint64
	at          uint64 // ms of the spool's clock
	made        int64  // ms since the epoch
	start       uint64
	agent, data []byte
	body        []byte // everything from "at" on
	copied      bool   // body is no longer in the file's memory map
}

// recordSize is the size of a record in the file, with its key.
func recordSize(agent string, data int) int { return keyBytes + recordFixed + len(agent) + data }

// appendRecord encodes an entry as it is stored under seq.
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

// appendMoved encodes a record whose sequence number is no longer its order.
func appendMoved(b []byte, seq, order uint64, body []byte) []byte {
	from := len(b)
	b = append(b, kindMoved, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint64(b, order)
	b = append(b, body...)
	v := b[from:]
	binary.BigEndian.PutUint32(v[sumAt:], recordSum(seq, v))
	return b
}

// appendValue encodes the record as it is stored outside of a group.
func (r *stored) appendValue(b []byte) []byte {
	if r.order != r.seq {
		return appendMoved(b, r.seq, r.order, r.body)
	}
	from := len(b)
	b = append(append(b, kindPlain, 0, 0, 0, 0), r.body...)
	v := b[from:]
	binary.BigEndian.PutUint32(v[sumAt:], recordSum(r.seq, v))
	return b
}

// bytes is the record's size outside of a group, with its key.
func (r *stored) bytes() int {
	n := keyBytes + summedFrom + len(r.body)
	if r.order != r.seq {
		n += orderBytes
	}
	return n
}

// recordSum returns a record's checksum. It includes the key, so that a record under another's key is
// detected.
func recordSum(seq uint64, v []byte) uint32 { return checksum(seq, v[summedFrom:]) }

// parseRecord reads the value of one record. It returns errRecord if its form or its checksum is
// wrong.
func parseRecord(seq uint64, v []byte) (stored, error) {
	if len(v) < recordFixed || binary.BigEndian.Uint32(v[sumAt:]) != recordSum(seq, v) {
		return stored{}, errRecord
	}
	switch v[0] {
	case kindPlain:
		return parseBody(seq, seq, v[summedFrom:])
	case kindMoved:
		return parseBody(seq, binary.BigEndian.Uint64(v[summedFrom:]), v[summedFrom+orderBytes:])
	}
	return stored{}, errRecord
}

func parseBody(seq, order uint64, b []byte) (r stored, err error) {
	if len(b) < bodyFixed || seq == 0 || order == 0 || order > seq {
		return stored{}, errRecord
	}
	r = stored{seq: seq, order: order, body: b}
	r.at = binary.BigEndian.Uint64(b)
	r.made = int64(binary.BigEndian.Uint64(b[8:]))
	r.start = binary.BigEndian.Uint64(b[16:])
	n := int(binary.BigEndian.Uint16(b[bodyFixed-2:]))
	if n > len(b)-bodyFixed {
		return stored{}, errRecord
	}
	r.agent, r.data = b[bodyFixed:bodyFixed+n], b[bodyFixed+n:]
	return r, nil
}

// parseKey returns the sequence number in a key; 0, which no record has, if k is not a key.
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

// idSize is an upper bound of the length of an id.
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

// randomStart returns the start of the ids of one append.
func randomStart() uint64 {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return binary.BigEndian.Uint64(b[:])
}

// id returns the record's id.
func (r *stored) id() string {
	var b strings.Builder
	writeID(&b, r.agent, r.start, r.order)
	return b.String()
}
