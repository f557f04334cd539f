package config

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestLongestDeadline(t *testing.T) {
	path := filepath.Join(t.TempDir(), "virgo.yaml")
	for _, tc := range []struct {
		text, env string
		want      time.Duration
	}{
		{"a: &b c\n", "", DefaultDeadline},
		{"flush_deadline: 1h\n", "", DefaultDeadline},
		{"{deadline: 10m}\n", "", deadlineBounds.high},
		{"flush_deadline: 1h\ndeadline: 10m\n", "", deadlineBounds.high},
		{"a: b\n", "10m", deadlineBounds.high},
	} {
		if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
			t.Fatal(err)
		}
		env := func(name string) string { return map[string]string{"VIRGO_DEADLINE": tc.env}[name] }
		if got := LongestDeadline(path, env); got != tc.want {
			t.Errorf("%q, VIRGO_DEADLINE %q: %v, want %v", tc.text, tc.env, got, tc.want)
		}
	}
	if got := LongestDeadline(path+".missing", func(string) string { return "" }); got != deadlineBounds.high {
		t.Errorf("without a file that can be read: %v", got)
	}
}
