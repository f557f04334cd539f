package filetime

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// Times after 2038 are right, also where the system call has 32 bits for them: `GOARCH=386 go test`
// runs where this test does.
func TestModifiedAfter2038(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2040, 1, 2, 3, 4, 5, 0, time.UTC)
	// The functions of package os have the same 32 bits.
	if out, err := exec.Command("touch", "-d", at.Format("2006-01-02 15:04:05Z"), file).CombinedOutput(); err != nil {
		t.Skipf("touch: %v, %s", err, out)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := Modified(file, info); !got.Equal(at) {
		t.Errorf("modified %v, not %v", got.UTC(), at)
	}
}

// On amd64, programs for 386 run too.
func TestOn32Bits(t *testing.T) {
	if runtime.GOARCH != "amd64" || os.Getenv("VIRGO_TEST") != "all" {
		t.Skip("builds tests for another processor, on amd64: VIRGO_TEST=all runs this test")
	}
	cmd := exec.Command("go", "test", "-count=1", "-run", "After2038", ".", "../host", "../hostinfo/...")
	cmd.Env = append(os.Environ(), "GOARCH=386", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
