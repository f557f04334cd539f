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
	// Seq is the record's place in the queue. It only grows, and a refused record that waits again gets
	// a new one.
	Seq uint64
	// ID names the record for ever, wherever it is carried.
	ID string
	// Order is the record's place in the order of appending, for ever.
	Order uint64
	Agent string
	Made  time.Time
	Data  []byte
}

// A record as it is stored (see the package comment):
//
//	kind u8, sum u32, of kind 3: order u64, at u64, made i64, start u64, agent u16 + bytes, data
const (
	kindPlain   = 1 // its order is its place in the queue
	kindMoved   = 3 // it was refused, and waits again at another place
	sumAt       = 1
	summedFrom  = 5
	orderBytes  = 8
	recordFixed = summedFrom + bodyFixed
	bodyFixed   = 8 + 8 + 8 + 2
	keyBytes    = 8
)

var errRecord = errors.New("not a record")

// stored is a record's value, taken apart; its slices point into it.
type stored struct {
	seq, order  uint64
	at          uint64 // ms of the spool's clock
	made        int64  // ms since the epoch
	start       uint64
	agent, data []byte
	body        []byte // all from at on
	held        bool   // body is no longer the file's
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

// appendMoved appends the value of a record that has left the place of its order.
func appendMoved(b []byte, seq, order uint64, body []byte) []byte {
	from := len(b)
	b = append(b, kindMoved, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint64(b, order)
	b = append(b, body...)
	v := b[from:]
	binary.BigEndian.PutUint32(v[sumAt:], recordSum(seq, v))
	return b
}

// appendAgain appends the value under which a record is stored by itself.
func (r *stored) appendAgain(b []byte) []byte {
	if r.order != r.seq {
		return appendMoved(b, r.seq, r.order, r.body)
	}
	from := len(b)
	b = append(append(b, kindPlain, 0, 0, 0, 0), r.body...)
	v := b[from:]
	binary.BigEndian.PutUint32(v[sumAt:], recordSum(r.seq, v))
	return b
}

// bytes is what the record takes by itself, key and all.
func (r *stored) bytes() int {
	n := keyBytes + summedFrom + len(r.body)
	if r.order != r.seq {
		n += orderBytes
	}
	return n
}

// recordSum covers the place too, so that a record in another's is found out.
func recordSum(seq uint64, v []byte) uint32 { return uint32(xxh64(seq, v[summedFrom:])) }

// parseRecord takes the value of one record apart; errRecord where its form or its sum is wrong.
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

// id is the record's, for ever.
func (r *stored) id() string {
	var b strings.Builder
	writeID(&b, r.agent, r.start, r.order)
	return b.String()
}
