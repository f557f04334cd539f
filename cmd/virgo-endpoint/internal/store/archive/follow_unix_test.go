//go:build unix

package archive

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// The service's user can put a link or a pipe where root's backup expects a file.
func TestAddFileFollowsNothing(t *testing.T) {
	dir := t.TempDir()
	secret, link, pipe := filepath.Join(dir, "secret"), filepath.Join(dir, "link"), filepath.Join(dir, "pipe")
	if err := errors.Join(os.WriteFile(secret, []byte("x"), 0o600), os.Symlink(secret, link), syscall.Mkfifo(pipe, 0o600)); err != nil {
		t.Fatal(err)
	}
	w, err := Create(filepath.Join(dir, "backup.tar"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for path, want := range map[string]error{secret: nil, link: ErrNotRegular, pipe: ErrNotRegular, dir: ErrNotRegular} {
		if _, err := w.AddFile(filepath.Base(path), path); !errors.Is(err, want) {
			t.Errorf("%q: %v", path, err)
		}
	}
	// Put there after the name was looked up.
	for _, path := range []string{link, pipe} {
		f, err := os.OpenFile(path, os.O_RDONLY|noFollow, 0)
		if path == link && err == nil {
			t.Error("a link was followed")
		}
		f.Close() // a pipe is open at once
	}
}
