//go:build unix

package transport_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"virgo/transport"
	"virgo/transport/transporttest"
)

// The system's authorities take megabytes that a run with a CA file or a pin must not use. Here
// their file is a pipe without a writer: a process that reads it blocks.
func TestSystemRootsAreNotRead(t *testing.T) {
	if runtime.GOOS == "darwin" {
		t.Skip("macOS keeps its roots in no file")
	}
	if os.Getenv("TRANSPORT_TEST_CHILD") != "" {
		dialOwn(t)
		return
	}
	dir := t.TempDir()
	roots := filepath.Join(dir, "roots")
	if err := syscall.Mkfifo(roots, 0o600); err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.timeout=60s")
	child.Env = append(os.Environ(), "TRANSPORT_TEST_CHILD=1", "SSL_CERT_FILE="+roots, "SSL_CERT_DIR="+dir+"/none")
	if out, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func dialOwn(t *testing.T) {
	e := listen(t, transporttest.Script{})
	for _, trust := range []transport.TLSConfig{
		{Pins: []string{e.Pin()}},
		{CAFile: caFile(t, e.Authority)},
		{CAFile: caFile(t, e.Authority), Pins: []string{e.Pin()}},
	} {
		d := transport.Dialer{Endpoints: []string{e.Address()}, TLS: trust}
		conn, _, err := d.Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
}
