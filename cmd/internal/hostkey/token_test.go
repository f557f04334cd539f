package hostkey

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestTokenIsStoredAndDropped(t *testing.T) {
	dir := t.TempDir()
	if err := DropToken(dir); err != nil {
		t.Errorf("there is none: %v", err)
	}
	for _, token := range []string{"T0KEN", "N3W"} {
		if err := StoreToken(dir, token); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(TokenPath(dir)); err != nil || string(b) != token+"\n" {
			t.Errorf("%q, %v", b, err)
		}
	}
	if info, err := os.Stat(TokenPath(dir)); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := DropToken(dir); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("%v are left, %v", entries, err)
	}
}

// The first id stays, whatever the host is called later.
func TestStoredID(t *testing.T) {
	dir := t.TempDir()
	if id, err := ReadID(dir); id != "" || err != nil {
		t.Errorf("%q, %v", id, err)
	}
	for _, name := range []string{"web-1", "renamed"} {
		if err := StoreID(dir, name); err != nil {
			t.Fatal(err)
		}
		if id, err := ReadID(dir); id != "web-1" || err != nil {
			t.Errorf("%q, %v", id, err)
		}
	}
	other := t.TempDir()
	if err := os.Mkdir(filepath.Join(other, IDFile), 0o700); err != nil {
		t.Fatal(err)
	}
	if id, err := ReadID(other); err == nil {
		t.Errorf("a folder is read as %q", id)
	}
}
