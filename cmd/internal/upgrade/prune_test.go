package upgrade

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What was left of a removal that was interrupted goes with the next one, and a version that cannot be removed keeps no
// other one from it.
func TestPruneGoesOn(t *testing.T) {
	p := Place{Lib: t.TempDir(), Build: "3.0.0"}
	stays := "0" + strings.Repeat("x", 250) // no file of its folder's new name can be made
	for _, name := range []string{stays, "1.0.0", "1.0.0.old.tmp", "2.0.0", "3.0.0", "4.0.0.tmp"} {
		if err := os.MkdirAll(filepath.Join(p.version(name), "folder"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Prune(); err == nil {
		t.Error("no error for the version that stays")
	}
	entries, err := os.ReadDir(filepath.Join(p.Lib, versionsFolder))
	if err != nil || len(entries) != 2 || entries[0].Name() != stays || entries[1].Name() != "3.0.0" {
		t.Errorf("%v, %v", entries, err)
	}
	if err := p.Discard("2.0.0"); err != nil {
		t.Errorf("a version that is not there: %v", err)
	}
}
