package folder

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestWriteNewTouchesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "key.pem")
	if err := writeNew(path, []byte("first"), keyMode); err != nil {
		t.Fatal(err)
	}
	if err := writeNew(path, []byte("second"), publicMode); !errors.Is(err, fs.ErrExist) {
		t.Errorf("the second time: %v", err)
	}
	wantFile(t, path, "first", keyMode)
	if err := WriteFile(path, []byte("third"), publicMode); err != nil {
		t.Error(err)
	}
	wantFile(t, path, "third", publicMode)
	if err := WriteFile(filepath.Join(dir, "none", "x"), nil, keyMode); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in no folder: %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func wantFile(t *testing.T, path, want string, mode fs.FileMode) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil || string(data) != want {
		t.Errorf("%q, %v, want %q", data, err, want)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != mode {
		t.Errorf("mode %v, %v, want %v", info.Mode(), err, mode)
	}
}
