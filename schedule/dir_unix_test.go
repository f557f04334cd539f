//go:build unix

package schedule

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"

	"virgo/schedule/yaml"
	"virgo/schedule/yaml/full"
)

// Reading a pipe would block the run.
func TestLoadDirRejectsPipes(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "a.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, problems, err := LoadDir(dir, full.Parse)
	var e *yaml.Error
	if err != nil || len(problems) != 1 || !errors.As(problems[0].Err, &e) || s.HasValid() {
		t.Errorf("%v, problems %v, error %v", s, problems, err)
	}
}
