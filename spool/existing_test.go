package spool

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Who only reads makes no folder, and finds in one that does not exist what is in an empty one.
func TestExisting(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	s, err := Open(dir, Options{Existing: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := queued(t, s); len(got) != 0 {
		t.Errorf("queued: %q", got)
	}
	if st := stats(t, s); st.Records != 0 || st.FileBytes != 0 {
		t.Errorf("stats: %+v", st)
	}
	if err := s.Update(t.Context(), func(tx *Tx) error { return tx.Put("bucket", "key", []byte("value")) }); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("stored where nothing is: %v", err)
	}
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder was made: %v", err)
	}
}
