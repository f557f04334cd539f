package spool

import (
	"context"
	"encoding/binary"
	"strings"
	"time"
	"unicode/utf8"
)

// maxReason bounds the stored message of a refusal, in bytes.
const maxReason = 1 << 10

// A Refusal is the error with which an endpoint rejected a record.
type Refusal struct {
	// Code and Message are the endpoint's; a Message longer than 1 KiB is truncated.
	Code    int
	Message string
	// Time is when it was rejected, by the wall clock. The spool sets it.
	Time time.Time
}

// reasonFixed is the length of what precedes the message.
const reasonFixed = 8 + 8 + 2

// appendReason encodes what precedes a record in rejected: time i64 (ms), code i64, message u16 +
// bytes.
func appendReason(b []byte, r *Refusal, when time.Time) []byte {
	message := strings.ToValidUTF8(r.Message, string(utf8.RuneError))
	if len(message) > maxReason {
		end := maxReason
		for !utf8.RuneStart(message[end]) {
			end--
		}
		message = message[:end]
	}
	b = binary.BigEndian.AppendUint64(b, uint64(when.UnixMilli()))
	b = binary.BigEndian.AppendUint64(b, uint64(r.Code))
	b = binary.BigEndian.AppendUint16(b, uint16(len(message)))
	return append(b, message...)
}

// parseReason reads the value of a rejected record; rest is the record.
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

// ListRejected calls fn for each rejected record, oldest first, as [Spool.List] does.
func (s *Spool) ListRejected(ctx context.Context, fn func(Record, Refusal) error) error {
	return s.list(ctx, bucketRejected, func(r Record, why *Refusal) error { return fn(r, *why) })
}
