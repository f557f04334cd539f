package strictyaml

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// errDuration is returned by ParseDuration.
var errDuration = errors.New("not a span of time such as 50s, 5m, 1h30m or 30d")

// ParseDuration reads a span of time as a person writes it: the forms of [time.ParseDuration], and whole
// days ("30d", 24 hours each). Nothing negative, and no number without a unit. The error does not quote
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
