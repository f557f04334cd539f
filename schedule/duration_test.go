package schedule

import (
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"50s": 50 * time.Second, "1h": time.Hour, "30d": 720 * time.Hour, "0d": 0, "0s": 0,
		"1h30m": 90 * time.Minute, "1.5s": 1500 * time.Millisecond, "500ms": 500 * time.Millisecond,
	} {
		if d, err := ParseDuration(text); err != nil || d != want {
			t.Errorf("%q: %v, %v; want %v", text, d, err, want)
		}
	}
	for _, text := range []string{"", "d", "50", "0", "-1s", "-1d", "1.5d", "1d2h", "106752d", "99999999999999d", "1e12s", "x", " 1s", "+1d"} {
		if d, err := ParseDuration(text); err == nil {
			t.Errorf("%q is %v, want an error", text, d)
		}
	}
	if d, err := ParseDuration("106751d"); err != nil || d <= 0 {
		t.Errorf("106751d: %v, %v", d, err)
	}
}
