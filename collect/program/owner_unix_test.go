//go:build unix

package program

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"virgo/schedule/ownership"
)

// Whoever may write to /usr/local/bin, as the user of Homebrew or the members of a group may, puts a program
// there that the agent, which is root, looks for in the folders behind it.
func TestProgramsOfOtherUsersArePassedOver(t *testing.T) {
	top := t.TempDir()
	open, own := filepath.Join(top, "open"), filepath.Join(top, "own")
	for _, dir := range []string{open, own} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "systemctl"), []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	folders := []string{open, own}
	check := func(path string) error { return ownership.Check(path) }
	if path, err := find("systemctl", folders, check); err != nil || path != filepath.Join(open, "systemctl") {
		t.Errorf("%s, %v", path, err)
	}
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	if path, err := find("systemctl", folders, check); err != nil || path != filepath.Join(own, "systemctl") {
		t.Errorf("%s, %v", path, err)
	}
	path, err := find("systemctl", folders[:1], check)
	if !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), open+" is writable by others (mode 0777)") {
		t.Errorf("%s, %v", path, err)
	}
	if checkOwner("/usr/bin/nonesuch") != nil || checkOwner(localFolders+"bin/nonesuch") == nil {
		t.Error("other folders are asked about than those of others")
	}
}
