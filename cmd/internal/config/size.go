package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"virgo/schedule"
)

// parseDuration parses durations such as 50s, 1h30m or 30d. A unit is required, because mistaking
// days for seconds would drop results.
func parseDuration(s string) (time.Duration, error) {
	d, err := schedule.ParseDuration(strings.TrimSpace(s))
	if err != nil {
		return 0, fmt.Errorf("%.64q is not a duration such as 50s, 1h or 30d", s)
	}
	return d, nil
}

// formatDuration is the inverse of parseDuration.
func formatDuration(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= day && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	s := d.String()
	// 1h0m0s is 1h.
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// sizeUnits are in the order in which they are tried: a suffix of another one comes after it.
var sizeUnits = [...]struct {
	suffix string
	bytes  int64
}{
	{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1}, {"", 1},
}

// parseSize parses 64MiB, 1GB, or a number of bytes.
func parseSize(s string) (int64, error) {
	s = strings.TrimSpace(s)
	for _, u := range sizeUnits {
		number, ok := strings.CutSuffix(s, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
		if err != nil || n < 0 || n > math.MaxInt64/u.bytes {
			break
		}
		return n * u.bytes, nil
	}
	return 0, fmt.Errorf("%.64q is not a size such as 64MiB", s)
}

// formatSize is the inverse of parseSize.
func formatSize(n int64) string {
	for _, u := range sizeUnits[:4] {
		if n >= u.bytes && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.suffix
		}
	}
	return strconv.FormatInt(n, 10)
}
