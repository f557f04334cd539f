//go:build unix

package spool

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "state")
	s := open(t, dir, Options{})
	put(t, s, "x")
	release, ok, err := s.TryDeliver()
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	release()
	for path, want := range map[string]fs.FileMode{
		filepath.Dir(dir): 0o700, dir: 0o700, s.Path(): 0o600, filepath.Join(dir, deliverName): 0o600,
	} {
		fi, err := os.Stat(path)
		if err != nil || fi.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", path, fi.Mode(), err, want)
		}
	}
}

func TestModesForOthersAreErrors(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "my state")
	s := open(t, dir, Options{})
	put(t, s, "x")
	chmod := func(path string, mode fs.FileMode) {
		t.Helper()
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	check := func(err error, mode fs.FileMode, fix string) {
		t.Helper()
		var e *ModeError
		if !errors.As(err, &e) || e.Mode != mode || e.Fix != fix || !strings.Contains(e.Hint(), fix) {
			t.Errorf("got %v, want mode %v and %q", err, mode, fix)
		}
	}
	chmod(dir, 0o750)
	_, err := Open(dir, Options{})
	check(err, 0o750, "chmod 700 '"+dir+"'")
	chmod(dir, 0o700)

	chmod(s.Path(), 0o604)
	fix := "chmod 600 '" + s.Path() + "'"
	_, err = s.Stats(context.Background())
	check(err, 0o604, fix)
	check(s.Update(context.Background(), func(*Tx) error { t.Error("called"); return nil }), 0o604, fix)
	chmod(s.Path(), 0o600)

	lock := filepath.Join(dir, deliverName)
	if err := os.WriteFile(lock, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	chmod(lock, 0o666)
	_, _, err = s.TryDeliver()
	check(err, 0o666, "chmod 600 '"+lock+"'")
}

func TestSymbolicLinksAreErrors(t *testing.T) {
	dir, other := filepath.Join(t.TempDir(), "state"), filepath.Join(t.TempDir(), "other")
	s := open(t, dir, Options{})
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{fileName, deliverName} {
		if err := os.Symlink(other, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := appendAll(s, entry("x")); err == nil || !strings.Contains(err.Error(), "symbolic link") {
		t.Errorf("append through a link: %v", err)
	}
	if _, _, err := s.TryDeliver(); err == nil || !strings.Contains(err.Error(), "symbolic link") {
		t.Errorf("a lock through a link: %v", err)
	}
	if fi, err := os.Stat(other); err != nil || fi.Size() != 0 {
		t.Errorf("the link's target: %v, %v", fi, err)
	}
	os.Remove(filepath.Join(dir, fileName))
	os.Remove(filepath.Join(dir, deliverName))
	// The folder itself may be a link that the user owns.
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	put(t, open(t, link, Options{}), "x")
	if got := queued(t, s); len(got) != 1 {
		t.Errorf("queued: %q", got)
	}
}

func TestInvalidFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "state")} {
		if _, err := Open(dir, Options{}); err == nil || !strings.Contains(err.Error(), "not a directory") {
			t.Errorf("%s: %v", dir, err)
		}
	}
	// A folder that disappears under an open spool is an error, not created again.
	s := newSpool(t, Options{})
	if err := os.Remove(s.dir); err != nil {
		t.Fatal(err)
	}
	if _, err := appendAll(s, entry("x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("append without a folder: %v", err)
	}
}

func TestFileOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("giving a file to another user takes root")
	}
	s := newSpool(t, Options{})
	put(t, s, "x")
	var e *OwnerError
	for path, fix := range map[string]string{s.Path(): "chown 0 ", s.dir: "chown -R 0 "} {
		if err := os.Chown(path, 12345, -1); err != nil {
			t.Fatal(err)
		}
		_, err := Open(s.dir, Options{})
		if err == nil {
			_, err = s.Stats(context.Background())
		}
		if !errors.As(err, &e) || e.Owner != 12345 || e.User != 0 || e.Fix != fix+path {
			t.Errorf("%s: %v", path, err)
		}
		if err := os.Chown(path, 0, -1); err != nil {
			t.Fatal(err)
		}
	}
}

// A caller may know more of who can put another folder in the place of this one.
func TestGuardOfTheStateFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	no := errors.New("others can rename it")
	guarded := ""
	_, err := Open(dir, Options{Guard: func(dir string) error { guarded = dir; return no }})
	if !errors.Is(err, no) || guarded != dir || !strings.Contains(err.Error(), dir) {
		t.Errorf("%v, the guard was asked about %q", err, guarded)
	}
	if _, err := Open(dir, Options{Guard: func(string) error { return nil }}); err != nil {
		t.Error(err)
	}
}
