package segment

import (
	"fmt"
	"math"
	"testing"

	sqlite3 "modernc.org/sqlite/lib"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// A batch is stored whole or not at all: what fails in the middle leaves nothing, and the same batch can be
// stored when the disk has space again.
func TestFullDisk(t *testing.T) {
	f, s := newFleet(t), newSegment(t, nil)
	store(t, s, []int64{1}, [][]intake.Result{f.session(1, begun)}, begun)
	var agents []int64
	var sessions [][]intake.Result
	for agent := range int64(30) {
		agents, sessions = append(agents, agent+10), append(sessions, f.session(agent+10, begun))
	}
	limit := func(pages int) {
		t.Helper()
		if err := s.write.exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
			t.Fatal(err)
		}
	}
	limit(12)
	for range 2 {
		if err := tryStore(t.Context(), s, agents, sessions, begun); !isFull(err) {
			t.Fatalf("%v", err)
		}
		if n := count(t, s); n != 7 {
			t.Errorf("%d results are stored", n)
		}
		if _, found, err := s.Contact(t.Context(), 10); err != nil || found {
			t.Errorf("a contact of a failed batch: %v, %v", found, err)
		}
	}
	limit(math.MaxInt32)
	store(t, s, agents, sessions, begun)
	if n := count(t, s); n != 31*7 {
		t.Errorf("%d results are stored", n)
	}
	if err := s.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

// count reads all results.
func count(t *testing.T, s *Segment) (n int) {
	t.Helper()
	err := s.Blobs(t.Context(), 0, math.MaxInt64, func(b *Blob) error {
		list, err := b.Results(nil)
		n += len(list)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func isFull(err error) bool { return code(err) == sqlite3.SQLITE_FULL }
