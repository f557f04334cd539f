package schedule

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Why a check is refused, whoever wrote it. The error that wraps one says what was found.
var (
	// ErrNoID is returned for a check without an id, ErrNoType for one without a type.
	ErrNoID   = errors.New("check has no id")
	ErrNoType = errors.New("check has no type")
	// ErrName is returned for an id, type or label that is too long or holds control characters.
	ErrName = errors.New("not a name")
	// ErrPeriod and ErrTimeout are returned for spans outside of the limits.
	ErrPeriod  = errors.New("period is out of bounds")
	ErrTimeout = errors.New("timeout is out of bounds")
	// ErrDetails is returned for details that are too large, too deep or no object.
	ErrDetails = errors.New("details cannot be taken")
	// ErrDouble is returned for the second check of one id.
	ErrDouble = errors.New("id is given twice")
	// ErrTooMany is returned for a schedule of more than MaxChecks checks.
	ErrTooMany = errors.New("too many checks")
)

// validate says what is wrong with a check, whoever wrote it.
func (c *Check) validate() error {
	switch {
	case c.ID == "":
		return ErrNoID
	case c.Type == "":
		return ErrNoType
	}
	for _, f := range []struct{ key, value string }{{"id", c.ID}, {"type", c.Type}, {"label", c.Label}, {"target_alias", c.TargetAlias}} {
		if err := validName(f.key, f.value); err != nil {
			return err
		}
	}
	if c.Period < MinPeriod || c.Period > MaxPeriod || c.Period%time.Second != 0 {
		return fmt.Errorf("%w: %s is not a whole number of seconds from %d to %d", ErrPeriod, c.Period, MinPeriod/time.Second, MaxPeriod/time.Second)
	}
	if c.Timeout < time.Second || c.Timeout > MaxTimeout || c.Timeout%time.Second != 0 {
		return fmt.Errorf("%w: %s is not a whole number of seconds from 1 to %d", ErrTimeout, c.Timeout, MaxTimeout/time.Second)
	}
	if err := validDetails(c.Details); err != nil {
		return err
	}
	for _, f := range []struct {
		key  string
		size int
	}{{"monitoring_zones_poll", len(c.MonitoringZonesPoll)}, {"alarms", len(c.Alarms)}} {
		if f.size > MaxDetailBytes {
			return fmt.Errorf("%w: %s is larger than %d bytes", ErrDetails, f.key, MaxDetailBytes)
		}
	}
	return nil
}

func validName(key, value string) error {
	switch {
	case len(value) > MaxIDBytes:
		return fmt.Errorf("%w: %s is %d bytes long, at most %d are taken", ErrName, key, len(value), MaxIDBytes)
	case !utf8.ValidString(value):
		return fmt.Errorf("%w: %s is not UTF-8", ErrName, key)
	case strings.IndexFunc(value, commands) >= 0:
		return fmt.Errorf("%w: %s %q holds a control character", ErrName, key, cut(value, 64))
	}
	return nil
}

// commands says whether a terminal obeys r in the place of showing it: control characters, and those that
// turn the direction of the text that follows (UAX #9: embeddings, overrides, isolates).
func commands(r rune) bool {
	return unicode.IsControl(r) || 0x202a <= r && r <= 0x202e || 0x2066 <= r && r <= 0x2069
}

func validDetails(d Details) error {
	if d == nil {
		return nil
	}
	size, ok := weigh(map[string]any(d), 0)
	switch {
	case !ok:
		return fmt.Errorf("%w: nested more than %d deep, or a value that JSON does not have", ErrDetails, MaxDetailDepth)
	case size > MaxDetailBytes:
		return fmt.Errorf("%w: larger than %d bytes", ErrDetails, MaxDetailBytes)
	}
	return nil
}

// cut shortens text to at most n bytes, between two characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
