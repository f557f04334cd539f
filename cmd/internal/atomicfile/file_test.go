package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func create(t *testing.T, path, text string) *File {
	t.Helper()
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Discard)
	return f
}

// checkFiles checks that a folder holds exactly these files.
func checkFiles(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(want) {
		t.Errorf("%d files, want %d: %v", len(entries), len(want), entries)
	}
	for name, text := range want {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != text {
			t.Errorf("%s: %q, %v, want %q", name, got, err, text)
		}
	}
}

func TestFileAppearsOnlyWhenComplete(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	first := create(t, path, "one")
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("visible before it is complete: %v", err)
	}
	create(t, path, "never").Discard()
	if err := first.Place(); err != nil {
		t.Fatal(err)
	}
	checkFiles(t, dir, map[string]string{"a": "one"})
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := create(t, path, "two").Place(); !errors.Is(err, fs.ErrExist) {
		t.Errorf("placed over an existing file: %v", err)
	}
	checkFiles(t, dir, map[string]string{"a": "one"})
	if err := create(t, path, "three").Replace(); err != nil {
		t.Fatal(err)
	}
	checkFiles(t, dir, map[string]string{"a": "three"})
}

func TestCreateInMissingFolder(t *testing.T) {
	if _, err := Create(filepath.Join(t.TempDir(), "none", "a")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestLongFileName(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("x", 250))
	if err := create(t, path, "text").Replace(); err != nil {
		t.Fatal(err)
	}
}

func TestMkdirAll(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b", "c")
	for range 2 { // the second time, all of them exist
		if err := MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			t.Errorf("%v, %v", info, err)
		}
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := MkdirAll(filepath.Join(file, "d"), 0o700); err == nil {
		t.Error("a folder below a file")
	}
	t.Chdir(dir)
	if err := MkdirAll(filepath.Join("x", "y"), 0o700); err != nil {
		t.Error(err)
	}
}
