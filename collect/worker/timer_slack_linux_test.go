package worker

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"virgo/collect/collecttest"
)

// The worker is a script that writes its timer slack to a file and ends.
func TestWorkerHasTheDefaultTimerSlack(t *testing.T) {
	if !collecttest.WithTimerSlack(t) {
		return
	}
	dir := t.TempDir()
	script, file := filepath.Join(dir, "worker"), filepath.Join(dir, "slack")
	text := "#!/bin/sh\n" + collecttest.PrintTimerSlack + " >'" + file + "'\n"
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	p := &Program{
		Path:    func() (string, error) { return script, nil },
		Environ: os.Environ,
		Version: "1",
	}
	defer p.Close()
	if _, err := p.HostInfo(t.Context(), "any"); err == nil {
		t.Error("a worker that ends at once answered")
	}
	got, err := os.ReadFile(file)
	if ns := strings.TrimSpace(string(got)); err != nil || ns != collecttest.DefaultTimerSlack {
		t.Errorf("its timer slack is %s ns, want %s; %v", ns, collecttest.DefaultTimerSlack, err)
	}
}
