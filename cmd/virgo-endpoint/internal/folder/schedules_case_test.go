package folder

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A host that enrols under another's id in other letters does not get the other's schedule, which may have
// passwords. Under Wine, as on Windows, both are the same file.
func TestHostCannotReadAScheduleByUpperCase(t *testing.T) {
	d := newScheduleDir(t)
	d.write("web1.yaml", "- {id: secret, type: agent.cpu}\n")
	d.write("default.yaml", "- {id: default, type: agent.cpu}\n")
	if got := d.ids("web1"); got != "secret" {
		t.Errorf("web1 gets %s", got)
	}
	_, err := os.Stat(filepath.Join(d.dir, "WEB1.yaml"))
	want := map[bool]string{true: "error", false: "default"}[err == nil]
	for _, id := range []string{"WEB1", "Web1"} {
		if got := d.ids(id); got != want {
			t.Errorf("%s gets %s, want %s", id, got, want)
		}
	}
	if log := d.log.String(); err == nil && !strings.Contains(log, "rename it to WEB1.yaml") {
		t.Errorf("the log does not say why: %s", log)
	}
}

func TestExactName(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "web1.yaml")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	schedules := NewSchedules(dir, slog.New(slog.DiscardHandler), time.Now)
	if !schedules.isExactName("web1.yaml", info) {
		t.Error("web1.yaml is not its own name")
	}
	if swapCase("Web-1.YAML") != "wEB-1.yaml" {
		t.Error(swapCase("Web-1.YAML"))
	}
	if os.Link(path, filepath.Join(dir, "WEB1.YAML")) == nil && !schedules.isExactName("web1.yaml", info) {
		t.Error("an owner who gives two agents one file is not understood")
	}
}
