package schedule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// ErrNotCheck is returned for what should be one check's JSON and is not.
var ErrNotCheck = errors.New("not a check")

// ParseCheck reads one check as [Check.MarshalJSON] writes it and as an endpoint sends it, as leniently as
// [ParseEndpoint] does. Errors: ErrNotCheck, or what is wrong with the check.
func ParseCheck(raw []byte) (Check, error) {
	if len(raw) > MaxSentBytes || values(raw) > MaxSentValues {
		return Check{}, fmt.Errorf("%w: too large", ErrNotCheck)
	}
	if object := bytes.TrimLeft(raw, " \t\r\n"); len(object) == 0 || object[0] != '{' {
		return Check{}, fmt.Errorf("%w: no JSON object", ErrNotCheck)
	}
	var w wireCheck
	if err := json.Unmarshal(raw, &w); err != nil {
		return Check{}, fmt.Errorf("%w: %w", ErrNotCheck, err)
	}
	return w.check()
}
