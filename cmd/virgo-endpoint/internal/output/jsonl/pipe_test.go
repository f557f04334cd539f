//go:build unix

package jsonl

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/output"
)

// A pipe is refused, also one that nobody reads: it holds nothing up, and gets no batch twice.
func TestPipe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(file, 0o600); err != nil {
		t.Skip("no pipe:", err)
	}
	batch := []output.Item{{Result: &intake.Result{AgentID: "web1", Time: time.Now(), Params: []byte(`{}`)}}}
	if err := New(file).Send(t.Context(), batch); err == nil {
		t.Error("written to nobody")
	}
	reader, err := os.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if err := New(file).Send(t.Context(), batch); err == nil {
		t.Error("written to a pipe")
	}
	if err := reader.SetReadDeadline(time.Now()); err != nil {
		t.Fatal(err)
	}
	if n, _ := reader.Read(make([]byte, 1)); n != 0 {
		t.Error("something was written")
	}
}
