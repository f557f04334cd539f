package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func begin(t *testing.T, path, text string) *File {
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

// holds checks what a folder holds, and nothing else.
func holds(t *testing.T, dir string, want map[string]string) {
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

func TestAFileIsThereWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	first := begin(t, path, "one")
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there before it is in place: %v", err)
	}
	begin(t, path, "never").Discard()
	if err := first.Place(); err != nil {
		t.Fatal(err)
	}
	holds(t, dir, map[string]string{"a": "one"})
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := begin(t, path, "two").Place(); !errors.Is(err, fs.ErrExist) {
		t.Errorf("placed over a file: %v", err)
	}
	holds(t, dir, map[string]string{"a": "one"})
	if err := begin(t, path, "three").Replace(); err != nil {
		t.Fatal(err)
	}
	holds(t, dir, map[string]string{"a": "three"})
}

func TestAFolderThatIsNotThere(t *testing.T) {
	if _, err := Create(filepath.Join(t.TempDir(), "none", "a")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
