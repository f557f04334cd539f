package spool

import (
	"context"
	"encoding/binary"
	"strings"
	"time"
	"unicode/utf8"
)

// maxReason bounds the text that is kept of a refusal, bytes.
const maxReason = 1 << 10

// A Refusal is why an endpoint would not take a record.
type Refusal struct {
	// Code and Message are the endpoint's own; a Message past 1 KiB is cut.
	Code    int
	Message string
	// Time is when it was refused. The spool sets it.
	Time time.Time
}

// reasonFixed is the length of what stands before the message.
const reasonFixed = 8 + 8 + 2

// appendReason appends what stands before a record in rejected: when i64 (ms), code i64, message
// u16 + bytes.
func appendReason(b []byte, r *Refusal, when time.Time) []byte {
	message := strings.ToValidUTF8(r.Message, string(utf8.RuneError))
	for cut := maxReason; len(message) > maxReason; cut-- {
		if utf8.RuneStart(message[cut]) {
			message = message[:cut]
		}
	}
	b = binary.BigEndian.AppendUint64(b, uint64(when.UnixMilli()))
	b = binary.BigEndian.AppendUint64(b, uint64(r.Code))
	b = binary.BigEndian.AppendUint16(b, uint16(len(message)))
	return append(b, message...)
}

// parseReason takes the value of a refused record apart; rest is the record.
func parseReason(v []byte) (r Refusal, rest []byte, ok bool) {
	if len(v) < reasonFixed {
		return Refusal{}, nil, false
	}
	n := int(binary.BigEndian.Uint16(v[16:]))
	if n > maxReason || n > len(v)-reasonFixed {
		return Refusal{}, nil, false
	}
	r.Time = time.UnixMilli(int64(binary.BigEndian.Uint64(v)))
	r.Code = int(int64(binary.BigEndian.Uint64(v[8:])))
	r.Message = strings.ToValidUTF8(string(v[reasonFixed:reasonFixed+n]), string(utf8.RuneError))
	return r, v[reasonFixed+n:], true
}

// ListRejected calls fn for each record that was refused, oldest first, as [Spool.List] does.
func (s *Spool) ListRejected(ctx context.Context, fn func(Record, Refusal) error) error {
	return s.list(ctx, bucketRejected, func(r Record, why *Refusal) error { return fn(r, *why) })
}
