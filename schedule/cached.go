package schedule

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Cached is the last good schedule that an endpoint sent.
type Cached struct {
	Schedule Schedule
	// Fetched is when it came, or was last said to be unchanged; ms are kept of it.
	Fetched time.Time
	// Hash is the endpoint's own of it; empty where the endpoint has none.
	Hash string
	// Changed is set when the endpoint has since said that it has another one.
	Changed bool
}

// cachedVersion is of the cached copy's form.
const cachedVersion = 1

// maxHashBytes bounds the endpoint's hash: ours is 64 bytes, another's may be longer.
const maxHashBytes = 1 << 10

// ErrDamaged is returned by ParseCached for what Marshal did not write.
var ErrDamaged = errors.New("not a cached schedule")

// Marshal gives the copy's kept form. Every run reads it, so it is one that needs no reflection:
//
//	version   1 byte
//	fetched   varint, ms since the epoch
//	changed   1 byte, 0 or 1
//	hash      text
//	checks    uvarint count, then of each: id, type, label, target_alias (texts), period and timeout
//	          (uvarint, s), disabled (1 byte), monitoring_zones_poll and alarms (JSON as text), details
//	          (a value: absent or an object)
//
// A text is its length as uvarint and its bytes; values are those of [appendKept].
func (c Cached) Marshal() ([]byte, error) {
	if len(c.Hash) > maxHashBytes {
		c.Hash = "" // it is then fetched anew each time, as from an endpoint without hashes
	}
	b := append(make([]byte, 0, 64*(len(c.Schedule.Checks)+1)), cachedVersion)
	b = binary.AppendVarint(b, c.Fetched.UnixMilli())
	b = appendKeptBool(b, c.Changed)
	b = appendKeptText(b, c.Hash)
	b = binary.AppendUvarint(b, uint64(len(c.Schedule.Checks)))
	var err error
	for i := range c.Schedule.Checks {
		k := &c.Schedule.Checks[i]
		for _, text := range [...]string{k.ID, k.Type, k.Label, k.TargetAlias} {
			b = appendKeptText(b, text)
		}
		b = binary.AppendUvarint(b, uint64(k.Period/time.Second))
		b = binary.AppendUvarint(b, uint64(k.Timeout/time.Second))
		b = appendKeptBool(b, k.Disabled)
		b = appendKeptText(b, string(k.MonitoringZonesPoll))
		b = appendKeptText(b, string(k.Alarms))
		var details any
		if k.Details != nil {
			details = map[string]any(k.Details)
		}
		if b, err = appendKept(b, details, 0); err != nil {
			return nil, fmt.Errorf("keeping the details of check %q: %w", cut(k.ID, 64), err)
		}
	}
	return b, nil
}

// ParseCached reads what Marshal gave. Error: ErrDamaged, also for a newer version's form; the schedule
// is then to be fetched as if there had been none.
func ParseCached(b []byte) (Cached, error) {
	if len(b) > MaxScheduleBytes {
		return Cached{}, fmt.Errorf("%w: %d bytes", ErrDamaged, len(b))
	}
	r := keptReader{rest: b}
	if v := r.byte(); v != cachedVersion {
		return Cached{}, fmt.Errorf("%w: version %d", ErrDamaged, v)
	}
	ms := r.varint()
	if ms < -maxMillis || ms > maxMillis {
		return Cached{}, ErrDamaged
	}
	c := Cached{Fetched: time.UnixMilli(ms), Changed: r.bool(), Hash: r.text()}
	n := r.uvarint()
	if len(c.Hash) > maxHashBytes || n > MaxChecks || n > uint64(len(r.rest)) {
		return Cached{}, ErrDamaged
	}
	if n > 0 {
		c.Schedule.Checks = make([]Check, n)
	}
	for i := range c.Schedule.Checks {
		k := &c.Schedule.Checks[i]
		for _, text := range [...]*string{&k.ID, &k.Type, &k.Label, &k.TargetAlias} {
			*text = r.text()
		}
		k.Period, k.Timeout = r.seconds(MaxPeriod), r.seconds(MaxTimeout)
		k.Disabled = r.bool()
		k.MonitoringZonesPoll, k.Alarms = r.json(), r.json()
		switch details := r.value(0).(type) {
		case nil:
		case map[string]any:
			k.Details = details
		default:
			r.bad = true
		}
		if r.bad {
			return Cached{}, ErrDamaged
		}
		if err := k.validate(); err != nil {
			return Cached{}, fmt.Errorf("%w: check %q: %w", ErrDamaged, cut(k.ID, 64), err)
		}
	}
	if r.bad || len(r.rest) > 0 || hasDouble(c.Schedule.Checks) {
		return Cached{}, ErrDamaged
	}
	return c, nil
}

// hasDouble says whether an id is given twice.
func hasDouble(checks []Check) bool {
	seen := make(map[string]bool, len(checks))
	for i := range checks {
		if seen[checks[i].ID] {
			return true
		}
		seen[checks[i].ID] = true
	}
	return false
}

// Stale says that the endpoint is to be asked again: the copy is maxAge old, or marked as changed, or
// from so far in the future that the clock must have been set back.
func (c Cached) Stale(now time.Time, maxAge time.Duration) bool {
	age := now.Sub(c.Fetched)
	return c.Changed || age >= maxAge || age < -maxAge
}
