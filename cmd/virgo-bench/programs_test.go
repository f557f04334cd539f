package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestInstallCopiesIntoNewFile(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "built"), filepath.Join(dir, "installed")
	program := bytes.Repeat([]byte("program"), 10_000)
	if err := os.WriteFile(from, program, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := install(from, to); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(to); err != nil || !bytes.Equal(got, program) {
		t.Errorf("%d of %d bytes, %v", len(got), len(program), err)
	}
	built, err := os.Stat(from)
	if err != nil {
		t.Fatal(err)
	}
	installed, err := os.Lstat(to)
	if err != nil {
		t.Fatal(err)
	}
	if os.SameFile(built, installed) || !installed.Mode().IsRegular() {
		t.Errorf("not a file of its own: %v", installed.Mode())
	}
	if runtime.GOOS != "windows" && installed.Mode().Perm() != 0o755 {
		t.Errorf("mode %v", installed.Mode())
	}
	if err := install(from, to); err == nil {
		t.Error("an existing file was overwritten")
	}
}
