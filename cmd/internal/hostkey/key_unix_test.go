//go:build unix

package hostkey

import (
	"errors"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"virgo/cmd/internal/link"
)

// To open a FIFO waits for its other end.
func TestOwnKeyThatIsAFIFO(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mkfifo(filepath.Join(dir, KeyFile), 0o600); err != nil {
		t.Fatal(err)
	}
	var config *link.ConfigError
	if _, err := Own(dir); !errors.As(err, &config) {
		t.Errorf("got %v", err)
	}
}
