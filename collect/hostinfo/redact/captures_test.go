package redact

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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
		for _, mark := range []string{"PRIVATE KEY-----", "$6$", "$y$", "ghp_", "AKIA", "xoxb-", "hooks.slack.com"} {
			if strings.Contains(string(b), mark) {
				t.Errorf("%s holds a secret: it has %s", name, mark)
			}
		}
		return nil
	})
	if err != nil || files < 100 {
		t.Fatalf("%d files, %v", files, err)
	}
}
