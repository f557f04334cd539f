package schedule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Errors of ParseEndpoint that leave the last good schedule in force.
var (
	// ErrNotSchedule is returned for a result that is no JSON object, too large, or has no `checks`.
	ErrNotSchedule = errors.New("not a schedule")
	// ErrNoGoodCheck is returned where there are checks and not one of them can be taken: that is a
	// fault of the endpoint, not its wish to have nothing looked at.
	ErrNoGoodCheck = errors.New("no check of the schedule can be taken")
)

// ParseEndpoint reads the result of check_schedule.get (PROTOCOL.md), leniently: `checks` may be a list
// or a single check, an empty object is an empty list, unknown keys are ignored, numbers may be text, and
// period and timeout may be left out. A check that cannot be taken is left out and reported; the others
// stand. hash is the endpoint's own (schedule_hash), empty where it sent none.
//
// With an error (ErrNotSchedule, ErrTooMany, ErrNoGoodCheck) there is no schedule; the problems are told
// all the same.
func ParseEndpoint(result []byte) (s Schedule, hash string, problems []Problem, err error) {
	if len(result) > MaxSentBytes {
		return Schedule{}, "", nil, fmt.Errorf("%w: %d bytes, at most %d are taken", ErrNotSchedule, len(result), MaxSentBytes)
	}
	if n := values(result); n > MaxSentValues {
		return Schedule{}, "", nil, fmt.Errorf("%w: %d values, at most %d are taken", ErrNotSchedule, n, MaxSentValues)
	}
	if object := bytes.TrimLeft(result, " \t\r\n"); len(object) == 0 || object[0] != '{' {
		return Schedule{}, "", nil, fmt.Errorf("%w: the result is not an object", ErrNotSchedule)
	}
	var top struct {
		Checks       json.RawMessage `json:"checks"`
		ScheduleHash json.RawMessage `json:"schedule_hash"`
	}
	if err := json.Unmarshal(result, &top); err != nil {
		return Schedule{}, "", nil, fmt.Errorf("%w: %w", ErrNotSchedule, err)
	}
	if absent(top.Checks) {
		return Schedule{}, "", nil, fmt.Errorf("%w: the result has no checks", ErrNotSchedule)
	}
	s, problems, err = readChecks(top.Checks)
	switch {
	case err != nil:
		return Schedule{}, "", problems, err
	case len(s.Checks) == 0 && len(problems) > 0:
		return Schedule{}, "", problems, fmt.Errorf("%w: the first one: %w", ErrNoGoodCheck, problems[0].Err)
	}
	hash, _ = rawText(top.ScheduleHash)
	return s, hash, problems, nil
}

// values counts the values in JSON by what stands between them, without decoding it. Of what is no JSON it
// counts something, and the decoder then says what it is.
func values(b []byte) int {
	n := 1
	quoted := false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			i++
		case !quoted && (c == ',' || c == '[' || c == '{'):
			n++
		}
	}
	return n
}

// readChecks reads a list of checks, or a single one, one at a time: what a hostile list takes in memory
// is bounded by MaxSentChecks.
func readChecks(raw json.RawMessage) (s Schedule, problems []Problem, err error) {
	switch raw[0] {
	case '{':
		if empty(raw) {
			return s, nil, nil
		}
		raw = append(append([]byte{'['}, raw...), ']')
	case '[':
	default:
		return s, nil, fmt.Errorf("%w: checks is neither a list nor a check", ErrNotSchedule)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if _, err := dec.Token(); err != nil {
		return s, nil, fmt.Errorf("%w: %w", ErrNotSchedule, err)
	}
	seen := make(map[string]bool)
	for i := 0; dec.More(); i++ {
		if i == MaxSentChecks {
			return Schedule{}, nil, fmt.Errorf("%w: at most %d are taken", ErrTooMany, MaxSentChecks)
		}
		var w wireCheck
		var kind *json.UnmarshalTypeError
		c, err := Check{}, dec.Decode(&w)
		switch {
		case errors.As(err, &kind):
			err = fmt.Errorf("check is a JSON %s, not an object", kind.Value)
		case err != nil:
			return Schedule{}, nil, fmt.Errorf("%w: %w", ErrNotSchedule, err)
		default:
			c, err = w.check()
		}
		if err == nil && seen[c.ID] {
			err = fmt.Errorf("%w: the first one stands", ErrDouble)
		}
		if err != nil {
			problems = append(problems, Problem{CheckID: cut(c.ID, 64), Index: i, Err: err})
			continue
		}
		seen[c.ID] = true
		s.Checks = append(s.Checks, c)
	}
	return s, problems, nil
}
