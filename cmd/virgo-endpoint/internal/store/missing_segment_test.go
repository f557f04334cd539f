package store

import (
	"errors"
	"os"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/transport/receipt"
)

// A segment without a file costs itself alone, also the one that results arrive in.
func TestMissingOpenSegment(t *testing.T) {
	for _, rollOver := range []bool{false, true} {
		path := newPath(t)
		s := openAt(t, path)
		key := addToken(t, s)
		wantStored(t, s, 1, posted(key, "a", receipt.ID("a", 1, 1)))
		s.Close()
		if err := os.Remove(segmentOf(t, path)); err != nil {
			t.Fatal(err)
		}
		s = openAt(t, path)
		if rollOver {
			c, err := s.catalogue(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			number, ok := isDamaged(s.rollOver(t.Context(), c.open().number, now.Add(time.Minute)))
			if !ok || number != c.open().number {
				t.Errorf("roll-over: segment %d, %v", number, ok)
			}
		}
		for _, want := range []int{1, 0} {
			wantStored(t, s, want, posted(key, "a", receipt.ID("a", 1, 2)))
		}
	}
}

// Where the files of all segments are missing, their folder is: nothing is stored, or set aside, until it is back.
func TestMissingFolderOfSegments(t *testing.T) {
	path := newPath(t)
	s := openAt(t, path)
	key := addToken(t, s)
	wantStored(t, s, 1, posted(key, "a", "1"))
	rolledOver(t, s)
	wantStored(t, s, 1, posted(key, "a", "2"))
	dir := s.segmentsDir()
	s.Close()
	if err := os.Rename(dir, dir+"-elsewhere"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, folderMode); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, path)
	if _, err := s.Append(t.Context(), []intake.Arrival{posted(key, "a", "3")}); err == nil || errors.Is(err, intake.ErrDamaged) {
		t.Errorf("without the folder: %v", err)
	}
	s.Close()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir+"-elsewhere", dir); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, path)
	wantStored(t, s, 1, posted(key, "a", "1", "2", "3"))
}
