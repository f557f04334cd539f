package upgrade

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A version of which a program runs stays until it has ended.
func TestPruneLeavesWhatRuns(t *testing.T) {
	p := Place{Lib: t.TempDir(), Build: "3.0.0"}
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip("no sleep to run")
	}
	content, err := os.ReadFile(sleep)
	if err == nil {
		err = p.put("1.0.0", map[string][]byte{"virgo-run": content, "virgo": []byte("x")})
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(p.version("1.0.0"), "virgo-run"), "600")
	cmd.Args[0] = "sleep" // which of its programs it is, where one file has many
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pruned := p.Prune()
	_, whole := os.Stat(filepath.Join(p.version("1.0.0"), "virgo"))
	if pruned == nil || whole != nil {
		t.Errorf("while a program of it runs: %v, %v", pruned, whole)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if err := p.Prune(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(p.version("1.0.0")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after it has ended: %v", err)
	}
}
