package redact

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// The captured files have no secret in them.
func TestCapturesHoldNoSecret(t *testing.T) {
	files := 0
	err := filepath.WalkDir("../testdata", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if shown := standard().redactShapes(string(b)); shown != string(b) {
			t.Errorf("%s holds a secret", name)
		}
		return nil
	})
	if err != nil || files < 100 {
		t.Fatalf("%d files, %v", files, err)
	}
}
