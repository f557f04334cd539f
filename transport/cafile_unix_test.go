//go:build unix

package transport_test

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"virgo/transport"
)

// To open a FIFO waits for its other end.
func TestCAFileThatIsAFIFO(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	d := transport.Dialer{Endpoints: []string{"localhost:1"}, TLS: transport.TLSConfig{CAFile: path}}
	if _, _, err := d.Dial(t.Context()); err == nil || !strings.Contains(err.Error(), "is not a regular file") {
		t.Errorf("got %v", err)
	}
}
