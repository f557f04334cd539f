package schedule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// ErrNotCheck is returned for JSON that is not an object, or too large.
var ErrNotCheck = errors.New("not a check")

// ParseCheck parses one check as [Check.MarshalJSON] writes it or an endpoint sends it, as
// leniently as [ParseEndpoint]. Errors: ErrNotCheck, or those of a check (ErrNoID, ErrPeriod, …).
func ParseCheck(raw []byte) (Check, error) {
	if len(raw) > MaxSentBytes || countValues(raw) > MaxSentValues {
		return Check{}, fmt.Errorf("%w: too large", ErrNotCheck)
	}
	if object := bytes.TrimLeft(raw, " \t\r\n"); len(object) == 0 || object[0] != '{' {
		return Check{}, fmt.Errorf("%w: not a JSON object", ErrNotCheck)
	}
	var w wireCheck
	if err := json.Unmarshal(raw, &w); err != nil {
		return Check{}, fmt.Errorf("%w: %w", ErrNotCheck, err)
	}
	return w.check()
}
