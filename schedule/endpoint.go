package schedule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"virgo/schedule/shorttext"
)

// Errors of ParseEndpoint. The last valid schedule stays in use.
var (
	// ErrNotSchedule is returned for a result that is not a JSON object, too large, or without
	// `checks`.
	ErrNotSchedule = errors.New("not a schedule")
	// ErrNoValidCheck is returned if there are checks, but none is valid. This is a fault of the
	// endpoint and must not count as an empty schedule.
	ErrNoValidCheck = errors.New("no check of the schedule is valid")
)

// ParseEndpoint parses the result of check_schedule.get (PROTOCOL.md) leniently: `checks` may be a
// list or a single check, an empty object is an empty list, unknown keys are ignored, numbers may
// be text, and period and timeout are optional. An invalid check is reported, and stays with a Fault if
// it has an id of its own, else as a part of the check FaultsID. hash is the endpoint's
// schedule_hash, empty where it sent none.
//
// With an error (ErrNotSchedule, ErrTooMany, ErrNoValidCheck) the schedule is empty; the problems are
// still returned.
func ParseEndpoint(result []byte) (s Schedule, hash string, problems []Problem, err error) {
	if len(result) > MaxSentBytes {
		return Schedule{}, "", nil, fmt.Errorf("%w: %d bytes, more than %d", ErrNotSchedule, len(result), MaxSentBytes)
	}
	if n := countValues(result); n > MaxSentValues {
		return Schedule{}, "", nil, fmt.Errorf("%w: %d values, more than %d", ErrNotSchedule, n, MaxSentValues)
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
	s, problems, err = parseChecks(top.Checks)
	switch {
	case err != nil:
		return Schedule{}, "", problems, err
	case len(problems) > 0 && !s.HasValid():
		return Schedule{}, "", problems, fmt.Errorf("%w: the first one: %w", ErrNoValidCheck, problems[0].Err)
	}
	hash, _ = rawText(top.ScheduleHash)
	return s, hash, problems, nil
}

// countValues counts the values in JSON by their separators, without decoding it. For invalid JSON
// the count is meaningless; the decoder then reports the error.
func countValues(b []byte) int {
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

// parseChecks parses a list of checks or a single one. It decodes one check at a time, so that
// MaxSentChecks bounds the memory that a hostile list takes.
func parseChecks(raw json.RawMessage) (s Schedule, problems []Problem, err error) {
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
	var loose []error
	for i := 0; dec.More(); i++ {
		if i == MaxSentChecks {
			return Schedule{}, nil, fmt.Errorf("%w: more than %d", ErrTooMany, MaxSentChecks)
		}
		var w wireCheck
		var wrongType *json.UnmarshalTypeError
		c, err := Check{}, dec.Decode(&w)
		switch {
		case errors.As(err, &wrongType):
			err = fmt.Errorf("check is a JSON %s, not an object", wrongType.Value)
		case err != nil:
			return Schedule{}, nil, fmt.Errorf("%w: %w", ErrNotSchedule, err)
		default:
			c, err = w.check()
		}
		if err == nil && c.Fault != "" {
			err = errors.New(c.Fault)
		}
		duplicate := seen[c.ID]
		if err == nil && duplicate {
			err = fmt.Errorf("%w: the first one is used", ErrDuplicateID)
		}
		if err != nil {
			problems = append(problems, Problem{CheckID: shorttext.Truncate(c.ID, 64), Index: i, Err: err})
			if duplicate || c.validateField("id") != nil {
				loose = append(loose, fmt.Errorf("check %d of the endpoint's schedule: %w", i+1, err))
				continue
			}
			if c.Fault == "" {
				c.Invalidate("the endpoint's schedule: " + err.Error())
			}
		}
		seen[c.ID] = true
		c.FromEndpoint = true
		s.Checks = append(s.Checks, c)
	}
	if len(loose) > 0 && !seen[FaultsID] {
		faults := faultsCheck(loose)
		faults.FromEndpoint = true
		s.Checks = append(s.Checks, faults)
	}
	return s, problems, nil
}

// HasValid reports whether there is a check that can run.
func (s Schedule) HasValid() bool {
	return slices.ContainsFunc(s.Checks, func(c Check) bool { return c.Fault == "" })
}

// faultsCheck returns the check that reports the mistakes of which no other check does.
func faultsCheck(mistakes []error) Check {
	c := Check{ID: FaultsID, Type: faultType, Period: DefaultPeriod, Timeout: DefaultTimeout}
	c.Invalidate(summary(mistakes))
	return c
}

// summary returns the first of some mistakes with its hint, and how many more there are.
func summary(mistakes []error) string {
	text := mistakes[0].Error()
	var hinted interface{ Hint() string }
	if errors.As(mistakes[0], &hinted) && hinted.Hint() != "" {
		text += "; " + hinted.Hint()
	}
	if more := len(mistakes) - 1; more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return text
}
