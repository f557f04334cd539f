package installed

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"virgo/spool"
)

func at(minutes int) time.Time {
	return time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC).Add(time.Duration(minutes) * time.Minute)
}

// candidate returns a bundle as this package sees it: bytes with a name.
func candidate(version, content string) Candidate {
	return Candidate{
		Ref: Ref{Name: "standard", Version: version, Key: "RWQ1"}, File: []byte(content),
		Signatures: map[string][]byte{".minisig": []byte("signature of " + content)},
	}
}

func newFolder(t *testing.T) *Folder {
	t.Helper()
	return New(t.TempDir())
}

func lock(t *testing.T, f *Folder) *Locked {
	t.Helper()
	l, err := f.Lock()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Unlock)
	return l
}

func install(t *testing.T, l *Locked, version, content string) Installed {
	t.Helper()
	i, err := l.Install(candidate(version, content), Allow{}, at(0))
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// content returns what scripts are run from: the content and the version of the bundle, and whether the current one
// is damaged.
func content(t *testing.T, f *Folder) (text, version string, damaged bool) {
	t.Helper()
	u, err := f.Use(nil)
	if err != nil {
		return err.Error(), "", false
	}
	defer u.File.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(u.File); err != nil {
		t.Fatal(err)
	}
	return b.String(), u.Ref.Version, u.Damaged != nil
}

// names returns the names of all files of the folder.
func names(t *testing.T, f *Folder) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(f.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func openSpool(t *testing.T) *spool.Spool {
	t.Helper()
	s, err := spool.Open(filepath.Join(t.TempDir(), "state"), spool.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func update(t *testing.T, s *spool.Spool, f func(tx *spool.Tx) error) {
	t.Helper()
	if err := s.Update(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}
