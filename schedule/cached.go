package schedule

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
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

// Marshal gives the copy's kept form:
//
//	{"version":1,"fetched_ms":…,"hash":"…","changed":false,"checks":[…]}
func (c Cached) Marshal() ([]byte, error) {
	if len(c.Hash) > maxHashBytes {
		c.Hash = "" // it is then fetched anew each time, as from an endpoint without hashes
	}
	b := strconv.AppendInt([]byte(`{"version":`), cachedVersion, 10)
	b = strconv.AppendInt(append(b, `,"fetched_ms":`...), c.Fetched.UnixMilli(), 10)
	b = appendText(append(b, `,"hash":`...), c.Hash)
	b = strconv.AppendBool(append(b, `,"changed":`...), c.Changed)
	b, err := c.Schedule.appendChecks(append(b, ','))
	if err != nil {
		return nil, err
	}
	return append(b, '}'), nil
}

// ParseCached reads what Marshal gave. Error: ErrDamaged, also for a newer version's form; the schedule
// is then to be fetched as if there had been none.
func ParseCached(b []byte) (Cached, error) {
	var top struct {
		Version   int             `json:"version"`
		FetchedMS int64           `json:"fetched_ms"`
		Hash      string          `json:"hash"`
		Changed   bool            `json:"changed"`
		Checks    json.RawMessage `json:"checks"`
	}
	if len(b) > MaxScheduleBytes {
		return Cached{}, fmt.Errorf("%w: %d bytes", ErrDamaged, len(b))
	}
	if err := json.Unmarshal(b, &top); err != nil {
		return Cached{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	switch {
	case top.Version != cachedVersion:
		return Cached{}, fmt.Errorf("%w: version %d", ErrDamaged, top.Version)
	case len(top.Hash) > maxHashBytes, absent(top.Checks), top.Checks[0] != '[', top.FetchedMS < -maxMillis, top.FetchedMS > maxMillis:
		return Cached{}, ErrDamaged
	}
	s, problems, err := readChecks(top.Checks)
	switch {
	case err != nil:
		return Cached{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	case len(problems) > 0:
		return Cached{}, fmt.Errorf("%w: check %q: %w", ErrDamaged, problems[0].CheckID, problems[0].Err)
	}
	return Cached{Schedule: s, Fetched: time.UnixMilli(top.FetchedMS), Hash: top.Hash, Changed: top.Changed}, nil
}

// Stale says that the endpoint is to be asked again: the copy is maxAge old, or marked as changed, or
// from so far in the future that the clock must have been set back.
func (c Cached) Stale(now time.Time, maxAge time.Duration) bool {
	age := now.Sub(c.Fetched)
	return c.Changed || age >= maxAge || age < -maxAge
}
