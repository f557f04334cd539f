package store

import (
	"os"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/store/retention"
)

// A segment that cannot be opened blocks neither the history of others nor, with that, the deletion of what is old.
func TestHistoryGoesOnBehindADamagedSegment(t *testing.T) {
	path := newPath(t)
	s := openAt(t, path)
	key := addToken(t, s)
	wantStored(t, s, 1, posted(key, "a", "1"))
	first := segmentOf(t, path)
	rolledOver(t, s)
	wantStored(t, s, 2, posted(key, "a", "2", "3"))
	s.Close()
	if err := os.WriteFile(first, make([]byte, 1<<16), 0o600); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, path)
	if err := s.closeHours(t.Context()); err != nil {
		t.Fatal(err)
	}
	if seq, err := s.closed(t.Context()); err != nil || seq != 3 {
		t.Errorf("in columns up to result %d, %v; want 3", seq, err)
	}
}

// History ages by the earlier of the two clocks.
func TestHistoryAgesByTheEarlierClock(t *testing.T) {
	early, late := time.UnixMilli(1000), time.UnixMilli(2000)
	for _, c := range []retention.Clock{{Wall: early, Age: late}, {Wall: late, Age: early}} {
		if got := historyTime(c); !got.Equal(early) {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
