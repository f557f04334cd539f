package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"virgo/schedule/strictyaml"
)

// parseSpan reads 50s, 1h30m or 30d. A number alone is no span: seconds and days are too easily mistaken
// where the bound decides what is dropped.
func parseSpan(s string) (time.Duration, error) {
	d, err := strictyaml.ParseDuration(strings.TrimSpace(s))
	if err != nil {
		return 0, fmt.Errorf("%.64q is no span of time, such as 50s, 1h or 30d", s)
	}
	return d, nil
}

// formatSpan is what parseSpan reads back.
func formatSpan(d time.Duration) string {
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

// sizeUnits in the order that a suffix is looked for: the longer ones first.
var sizeUnits = [...]struct {
	suffix string
	bytes  int64
}{
	{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1}, {"", 1},
}

// parseSize reads 64MiB, 1GB, or a number of bytes.
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
	return 0, fmt.Errorf("%.64q is no size, such as 64MiB", s)
}

// formatSize is what parseSize reads back.
func formatSize(n int64) string {
	for _, u := range sizeUnits[:4] {
		if n >= u.bytes && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.suffix
		}
	}
	return strconv.FormatInt(n, 10)
}
