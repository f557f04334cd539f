package schedule

import (
	"encoding/binary"
	"math"
	"time"
)

// Last is what is kept of a check from run to run. The zero value: it never ran. Times are kept in ms.
type Last struct {
	// Slot is the grid point that the last run satisfied. It may lie up to the slack after Ran.
	Slot time.Time
	// Ran is when the last run's result was kept.
	Ran time.Time
	// ClaimedAt and ClaimedUntil are the claim of a run under way; zero where there is none.
	ClaimedAt, ClaimedUntil time.Time
	// Claim counts the claims on this check: it tells a run's own claim from a later run's.
	Claim uint32
}

const (
	lastVersion = 1
	lastBytes   = 1 + 4*8 + 4
	// neverMillis stands for the zero time.
	neverMillis = math.MinInt64
	// maxMillis bounds a moment that is believed: the year 275760, the farthest that calendars of
	// other programs reach as well. Past it, arithmetic with periods could overflow.
	maxMillis = 8_640_000_000_000_000
)

// AppendBinary appends the kept form, 37 bytes, all integers big-endian:
//
//	version        1 byte, 1
//	slot           int64, ms since the Unix epoch; the least int64 for the zero time
//	ran            likewise
//	claimed at     likewise
//	claimed until  likewise
//	claim          uint32
func (l Last) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, lastVersion)
	for _, t := range []time.Time{l.Slot, l.Ran, l.ClaimedAt, l.ClaimedUntil} {
		b = binary.BigEndian.AppendUint64(b, uint64(toMillis(t)))
	}
	return binary.BigEndian.AppendUint32(b, l.Claim), nil
}

// parseLast reads the kept form. What cannot be read counts as never run: the check runs once, and what
// is kept is whole again.
func parseLast(b []byte) Last {
	if len(b) != lastBytes || b[0] != lastVersion {
		return Last{}
	}
	var at [4]time.Time
	for i := range at {
		ms := int64(binary.BigEndian.Uint64(b[1+8*i:]))
		switch {
		case ms == neverMillis:
		case ms < -maxMillis || ms > maxMillis:
			return Last{}
		default:
			at[i] = time.UnixMilli(ms)
		}
	}
	return Last{at[0], at[1], at[2], at[3], binary.BigEndian.Uint32(b[lastBytes-4:])}
}

func toMillis(t time.Time) int64 {
	if t.IsZero() {
		return neverMillis
	}
	return clampMillis(t)
}

// clampMillis is a moment in ms since the epoch, within what is believed.
func clampMillis(t time.Time) int64 {
	return max(-maxMillis, min(t.UnixMilli(), maxMillis))
}

// ReadLast gives what is kept of a check; the zero Last where there is nothing.
func ReadLast(st Reader, id string) Last { return parseLast(st.Get(CheckSpace, id)) }

func putLast(st Store, id string, l Last) error {
	b, err := l.AppendBinary(make([]byte, 0, lastBytes))
	if err != nil {
		return err
	}
	return st.Put(CheckSpace, id, b)
}
