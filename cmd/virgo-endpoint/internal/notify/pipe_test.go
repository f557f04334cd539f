//go:build unix

package notify

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A pipe without a writer is a mistake, and nothing waits for it: notify.yaml is read again while the server ends.
func TestPipesAreNotRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(file, 0o600); err != nil {
		t.Skip("no pipe:", err)
	}
	r := reader()
	r.Trusted = func(string) error { return nil }
	if _, err := r.ReadTrusted(file); err == nil || !strings.Contains(err.Error(), "is no regular file") {
		t.Error(err)
	}
	if _, err := r.Secret("file:" + file); err == nil {
		t.Error("a secret was read from a pipe")
	}
}
