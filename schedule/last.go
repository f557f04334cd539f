package schedule

import (
	"encoding/binary"
	"math"
	"time"
)

// Last is the stored state of a check. The zero value means that it never ran. Times are stored in
// ms.
type Last struct {
	// Slot is the grid point that the last run satisfied. It may be later than Ran, by at most the
	// slack.
	Slot time.Time
	// Ran is when the last run's result was stored.
	Ran time.Time
	// ClaimedAt and ClaimedUntil are when the claim of a run in progress was made and when it
	// expires; zero: there is none.
	ClaimedAt, ClaimedUntil time.Time
	// Claim counts the claims on this check, to distinguish a run's own claim from a later one.
	Claim uint32
}

const (
	lastVersion = 1
	lastBytes   = 1 + 4*8 + 4
	// neverMillis is the zero time.
	neverMillis = math.MinInt64
	// maxMillis bounds valid times: the year 275760, as in ECMAScript. Past it, arithmetic with
	// periods could overflow.
	maxMillis = 8_640_000_000_000_000
)

// AppendBinary appends the stored form, 37 bytes, all integers big-endian:
//
//	version        1 byte, 1
//	slot           int64, ms since the Unix epoch; the smallest int64 for the zero time
//	ran            as slot
//	claimed at     as slot
//	claimed until  as slot
//	claim          uint32
func (l Last) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, lastVersion)
	for _, t := range []time.Time{l.Slot, l.Ran, l.ClaimedAt, l.ClaimedUntil} {
		b = binary.BigEndian.AppendUint64(b, uint64(toMillis(t)))
	}
	return binary.BigEndian.AppendUint32(b, l.Claim), nil
}

// parseLast parses the stored form. An invalid form counts as never run: the check then runs once
// and stores a valid state.
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

// clampMillis returns a time in ms since the Unix epoch, clamped to valid times.
func clampMillis(t time.Time) int64 {
	return max(-maxMillis, min(t.UnixMilli(), maxMillis))
}

// ReadLast returns the stored state of a check; the zero Last if there is none.
func ReadLast(st Reader, id string) Last { return parseLast(st.Get(CheckSpace, id)) }

func putLast(st Store, id string, l Last) error {
	b, err := l.AppendBinary(make([]byte, 0, lastBytes))
	if err != nil {
		return err
	}
	return st.Put(CheckSpace, id, b)
}
