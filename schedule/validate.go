package schedule

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"virgo/schedule/shorttext"
)

// Errors of an invalid check from any source. The error that wraps one of these describes the value.
var (
	// ErrNoID and ErrNoType are returned for a check without an id or a type.
	ErrNoID   = errors.New("check has no id")
	ErrNoType = errors.New("check has no type")
	// ErrName is returned for an id, type or label that is too long or contains control characters.
	ErrName = errors.New("invalid name")
	// ErrPeriod and ErrTimeout are returned for durations outside of the limits.
	ErrPeriod  = errors.New("invalid period")
	ErrTimeout = errors.New("invalid timeout")
	// ErrDetails is returned for details that are too large, nested too deep or not an object.
	ErrDetails = errors.New("invalid details")
	// ErrDuplicateID is returned for the second check with an id.
	ErrDuplicateID = errors.New("duplicate id")
	// ErrTooMany is returned for a schedule of more than MaxChecks checks.
	ErrTooMany = errors.New("too many checks")
)

// validatedFields are the keys that validateField knows, in the order in which they are reported.
var validatedFields = [...]string{
	"id", "type", "label", "target_alias", "period", "timeout", "details", "monitoring_zones_poll", "alarms", "fault", "refusal",
}

// validate checks all that holds for every check, whoever wrote it, and returns the first error.
func (c *Check) validate() error {
	for _, key := range validatedFields {
		if err := c.validateField(key); err != nil {
			return err
		}
	}
	return nil
}

// validateField checks the field with this key.
func (c *Check) validateField(key string) error {
	switch key {
	case "id":
		if c.ID == "" {
			return ErrNoID
		}
		return validName(key, c.ID)
	case "type":
		if c.Type == "" {
			return ErrNoType
		}
		return validName(key, c.Type)
	case "label":
		return validName(key, c.Label)
	case "target_alias":
		return validName(key, c.TargetAlias)
	case "period":
		if c.Period < MinPeriod || c.Period > MaxPeriod || c.Period%time.Second != 0 {
			return fmt.Errorf("%w: %s is not a whole number of seconds from %d to %d",
				ErrPeriod, c.Period, MinPeriod/time.Second, MaxPeriod/time.Second)
		}
	case "timeout":
		if c.Timeout < time.Second || c.Timeout > MaxTimeout || c.Timeout%time.Second != 0 {
			return fmt.Errorf("%w: %s is not a whole number of seconds from 1 to %d",
				ErrTimeout, c.Timeout, MaxTimeout/time.Second)
		}
	case "details":
		return validDetails(c.Details)
	case "monitoring_zones_poll":
		return validRaw(key, c.MonitoringZonesPoll)
	case "alarms":
		return validRaw(key, c.Alarms)
	case "refusal":
		if len(c.Refusal) > maxFaultBytes {
			return fmt.Errorf("%w: refusal has %d bytes, more than %d", ErrName, len(c.Refusal), maxFaultBytes)
		}
	case "fault":
		if len(c.Fault) > maxFaultBytes {
			return fmt.Errorf("%w: fault has %d bytes, more than %d", ErrName, len(c.Fault), maxFaultBytes)
		}
	}
	return nil
}

func validRaw(key string, raw json.RawMessage) error {
	if len(raw) > MaxDetailBytes {
		return fmt.Errorf("%w: %s is larger than %d bytes", ErrDetails, key, MaxDetailBytes)
	}
	return nil
}

func validName(key, value string) error {
	switch {
	case len(value) > MaxIDBytes:
		return fmt.Errorf("%w: %s has %d bytes, more than %d", ErrName, key, len(value), MaxIDBytes)
	case !utf8.ValidString(value):
		return fmt.Errorf("%w: %s is not UTF-8", ErrName, key)
	case strings.ContainsFunc(value, shorttext.Unsafe):
		return fmt.Errorf("%w: %s %q contains a control character", ErrName, key, shorttext.Truncate(value, 64))
	}
	return nil
}

func validDetails(d Details) error {
	if d == nil {
		return nil
	}
	size, ok := jsonSize(map[string]any(d), 0)
	switch {
	case !ok:
		return fmt.Errorf("%w: nested more than %d deep, or with a value that JSON does not have", ErrDetails, MaxDetailDepth)
	case size > MaxDetailBytes:
		return fmt.Errorf("%w: larger than %d bytes", ErrDetails, MaxDetailBytes)
	}
	return nil
}
