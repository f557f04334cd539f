package schedule

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"virgo/schedule/shorttext"
)

// Cached is the last valid schedule that an endpoint sent.
type Cached struct {
	Schedule Schedule
	// Fetched is when it was received, or when the endpoint last reported that it is unchanged;
	// stored in ms.
	Fetched time.Time
	// Hash is the hash of the schedule that the endpoint sent; empty if it sent none.
	Hash string
	// Changed is set once the endpoint has announced another schedule.
	Changed bool
	// Policy identifies the owner's policy that the verdicts in the schedule are of; empty: there are
	// none.
	Policy string
}

// The versions of the stored form. Earlier versions of the program wrote the first, and the second one
// where a check has a fault; neither has verdicts. They read the third one as if nothing were cached, and
// fetch the schedule again.
const (
	cachedFirstVersion  = 1
	cachedFaultsVersion = 2
	cachedVersion       = 3
)

// maxHashBytes bounds the endpoint's hash: ours has 64 bytes, others may be longer.
const maxHashBytes = 1 << 10

// ErrDamaged is returned by ParseCached for bytes that Marshal did not write.
var ErrDamaged = errors.New("not a cached schedule")

// Marshal returns the stored form:
//
//	version   1 byte
//	fetched   varint, ms since the Unix epoch
//	changed   1 byte, 0 or 1
//	hash      text
//	policy    text, in version 3
//	checks    uvarint count, then for each: id, type, label, target_alias (text); period and timeout
//	          (uvarint, s); disabled (1 byte); monitoring_zones_poll and alarms (JSON as text; empty:
//	          absent); details (a value: null or a map); from version 2 on fault (text); in version 3
//	          the number of the rule that allows it (uvarint) and the refusal (text)
//
// A text is its length as uvarint and its bytes. A value is one byte for its kind (0 null, 1 text,
// 2 number as text, 3 true, 4 false, 5 list, 6 map), then its content: for a list the count as
// uvarint and the values, for a map the count and for each entry the key (text) and the value.
func (c Cached) Marshal() ([]byte, error) {
	if len(c.Hash) > maxHashBytes {
		c.Hash = "" // as from an endpoint that sends none: the schedule is fetched each time
	}
	b := append(make([]byte, 0, 64*(len(c.Schedule.Checks)+1)), cachedVersion)
	b = binary.AppendVarint(b, c.Fetched.UnixMilli())
	b = appendBinaryBool(b, c.Changed)
	b = appendBinaryText(b, c.Hash)
	b = appendBinaryText(b, c.Policy)
	b = binary.AppendUvarint(b, uint64(len(c.Schedule.Checks)))
	var err error
	for i := range c.Schedule.Checks {
		if b, err = c.Schedule.Checks[i].appendBinary(b); err != nil {
			return nil, err
		}
		b = appendBinaryText(b, c.Schedule.Checks[i].Fault)
		b = binary.AppendUvarint(b, uint64(max(0, c.Schedule.Checks[i].AllowedBy)))
		b = appendBinaryText(b, c.Schedule.Checks[i].Refusal)
	}
	return b, nil
}

func (c *Check) appendBinary(b []byte) ([]byte, error) {
	for _, text := range [...]string{c.ID, c.Type, c.Label, c.TargetAlias} {
		b = appendBinaryText(b, text)
	}
	b = binary.AppendUvarint(b, uint64(c.Period/time.Second))
	b = binary.AppendUvarint(b, uint64(c.Timeout/time.Second))
	b = appendBinaryBool(b, c.Disabled)
	b = appendBinaryText(b, string(c.MonitoringZonesPoll))
	b = appendBinaryText(b, string(c.Alarms))
	var details any
	if c.Details != nil {
		details = map[string]any(c.Details)
	}
	b, err := appendBinaryValue(b, details, 0)
	if err != nil {
		return nil, fmt.Errorf("encoding the details of check %q: %w", shorttext.Truncate(c.ID, 64), err)
	}
	return b, nil
}

// ParseCached reads the stored form. Error: ErrDamaged, also for a newer version of the form; the
// caller then fetches the schedule as if none were cached.
func ParseCached(b []byte) (Cached, error) {
	if len(b) > MaxScheduleBytes {
		return Cached{}, fmt.Errorf("%w: %d bytes", ErrDamaged, len(b))
	}
	r := binaryReader{rest: b}
	version := r.byte()
	if version < cachedFirstVersion || version > cachedVersion {
		return Cached{}, fmt.Errorf("%w: version %d", ErrDamaged, version)
	}
	ms := r.varint()
	if ms < -maxMillis || ms > maxMillis {
		return Cached{}, ErrDamaged
	}
	c := Cached{Fetched: time.UnixMilli(ms), Changed: r.bool(), Hash: r.text()}
	if version >= cachedVersion {
		c.Policy = r.text()
	}
	n := r.uvarint()
	if len(c.Policy) > maxHashBytes || len(c.Hash) > maxHashBytes || n > MaxChecks || n > uint64(len(r.rest)) {
		return Cached{}, ErrDamaged
	}
	if n > 0 {
		c.Schedule.Checks = make([]Check, n)
	}
	for i := range c.Schedule.Checks {
		k := &c.Schedule.Checks[i]
		k.readBinary(&r)
		k.FromEndpoint = true
		if version >= cachedFaultsVersion {
			k.Fault = r.text()
		}
		if version >= cachedVersion {
			k.AllowedBy = int(r.uvarint() & math.MaxInt32)
			k.Refusal = r.text()
		}
		if r.failed {
			return Cached{}, ErrDamaged
		}
		if err := k.validate(); err != nil {
			return Cached{}, fmt.Errorf("%w: check %q: %w", ErrDamaged, shorttext.Truncate(k.ID, 64), err)
		}
	}
	if r.failed || len(r.rest) > 0 || hasDuplicateID(c.Schedule.Checks) {
		return Cached{}, ErrDamaged
	}
	return c, nil
}

func (c *Check) readBinary(r *binaryReader) {
	for _, text := range [...]*string{&c.ID, &c.Type, &c.Label, &c.TargetAlias} {
		*text = r.text()
	}
	c.Period, c.Timeout = r.seconds(MaxPeriod), r.seconds(MaxTimeout)
	c.Disabled = r.bool()
	c.MonitoringZonesPoll, c.Alarms = r.json(), r.json()
	switch details := r.value(0).(type) {
	case nil:
	case map[string]any:
		c.Details = details
	default:
		r.fail()
	}
}

func hasDuplicateID(checks []Check) bool {
	seen := make(map[string]bool, len(checks))
	for i := range checks {
		if seen[checks[i].ID] {
			return true
		}
		seen[checks[i].ID] = true
	}
	return false
}

// Stale reports whether the schedule must be fetched again: it is at least maxAge old, marked as
// changed, or from so far in the future that the clock must have been set back.
func (c Cached) Stale(now time.Time, maxAge time.Duration) bool {
	age := now.Sub(c.Fetched)
	return c.Changed || age >= maxAge || age < -maxAge
}
