package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"virgo/cmd/virgo-endpoint/internal/daemon"
	"virgo/cmd/virgo-endpoint/internal/folder"
)

// A service runs no program that others can replace.
func TestInstallRefusesTheProgramOfOthers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: only root can install a service")
	}
	dir := filepath.Join(t.TempDir(), "endpoint")
	if code, _, errs := endpoint(t, "init", "--dir", dir); code != 0 {
		t.Fatal(errs)
	}
	const group = 54321 // nobody's here
	program := filepath.Join(t.TempDir(), "virgo-endpoint")
	for mode, refused := range map[os.FileMode]bool{0o755: false, 0o775: true, 0o757: true} {
		if err := errors.Join(os.WriteFile(program, nil, 0o755), os.Chown(program, -1, group), os.Chmod(program, mode)); err != nil {
			t.Fatal(err)
		}
		// One that is right is refused for its place, a folder that the service does not see.
		err := (&installCmd{}).prepare(&app{}, daemon.Service{Program: program, Dir: dir})
		var owner *folder.OwnerError
		if err == nil || errors.As(err, &owner) != refused {
			t.Errorf("mode %v: %v", mode, err)
		}
	}
}
