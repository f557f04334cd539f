package schedule

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// errDuration is returned by ParseDuration.
var errDuration = errors.New("not a duration such as 50s, 5m, 1h30m or 30d")

// ParseDuration parses a duration in the forms of [time.ParseDuration], or whole days ("30d", 24
// hours each). Negative durations and numbers without a unit are errors. The error does not quote
// the text.
func ParseDuration(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 32)
		if err != nil || n > math.MaxInt64/uint64(24*time.Hour) {
			return 0, errDuration
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || text == "0" {
		return 0, errDuration
	}
	return d, nil
}
