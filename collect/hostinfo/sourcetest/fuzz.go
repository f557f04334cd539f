package sourcetest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// Seeds adds the captured files that match the patterns, as seen from a package beside testdata:
// "software/debian/etc/crontab". No match at all ends the test.
func Seeds(f *testing.F, patterns ...string) {
	f.Helper()
	f.Add([]byte(nil))
	for _, pattern := range patterns {
		names, err := filepath.Glob(filepath.Join("..", "testdata", pattern))
		if err != nil || len(names) == 0 {
			f.Fatalf("no seeds match %s: %v", pattern, err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
}

// CheckJSON reports values that are no JSON, or much longer than the bytes they were parsed from.
func CheckJSON(t *testing.T, from []byte, values ...any) {
	t.Helper()
	for _, value := range values {
		b, err := json.Marshal(value)
		if err != nil {
			t.Error(err)
		}
		if most := 4096 + 512*len(from); len(b) > most {
			t.Errorf("%d bytes of JSON come from %d bytes", len(b), len(from))
		}
	}
}
