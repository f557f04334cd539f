package store

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
	"virgo/transport/receipt"
)

const damagedResults = 600

// newDamaged makes a store of damagedResults results, some with large params, and overwrites the pages
// from..to (in per cent of the file), as a failing disk does.
func newDamaged(t *testing.T, from, to int) *Store {
	t.Helper()
	path := newPath(t)
	s := openAt(t, path)
	key := addToken(t, s)
	var batch []intake.Arrival
	for i := range damagedResults {
		noise := make([]byte, 50+i%10*450)
		rand.Read(noise)
		params := fmt.Appendf(nil, `{"n":%d,"x":"%x"}`, i, noise)
		batch = append(batch, intake.Arrival{AgentID: []string{"web1", "web2"}[i%2], Access: key,
			Received: time.UnixMilli(int64(i)), Results: []intake.Result{{ResultID: fmt.Sprint(i), CheckID: "c", CheckType: "t",
				State: "available", Status: "fine", Time: time.UnixMilli(int64(i * 1000)), Params: params}}})
	}
	if _, err := s.Append(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	damage(t, segmentOf(t, path), from, to)
	return openAt(t, path)
}

// segmentOf is the only segment of a store.
func segmentOf(t *testing.T, path string) string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(filepath.Dir(path), "segments", "*.db"))
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	return list[0]
}

func damage(t *testing.T, path string, from, to int) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	pages := len(data) / page
	for i := pages * from / 100 * page; i < pages*to/100*page; i++ {
		data[i] = 0xA5
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// The results of a damaged store are read but for those that are damaged, each once, and these are
// counted.
func TestResultsOfADamagedStore(t *testing.T) {
	for _, place := range [][2]int{{40, 42}, {10, 30}, {60, 95}} {
		s := newDamaged(t, place[0], place[1])
		seen := make(map[int64]bool)
		err := s.Results(t.Context(), intake.Filter{}, func(r intake.Result) error {
			if seen[r.Seq] || r.Time.UnixMilli() != (r.Seq-1)*1000 || !bytes.Contains(r.Params, fmt.Appendf(nil, `"n":%d,`, r.Seq-1)) {
				t.Errorf("%v: result %d twice, or with other content", place, r.Seq)
			}
			seen[r.Seq] = true
			return nil
		})
		var unread *intake.UnreadError
		if !errors.As(err, &unread) || !errors.Is(err, intake.ErrDamaged) || unread.Results != damagedResults-int64(len(seen)) {
			t.Errorf("%v: %d results and %v", place, len(seen), err)
		}
		if len(seen) < damagedResults/2 {
			t.Errorf("%v: only %d results were read", place, len(seen))
		}
		n, previous := 0, int64(0)
		err = s.Results(t.Context(), intake.Filter{AgentID: "web2", Limit: 20}, func(r intake.Result) error {
			if r.AgentID != "web2" || r.Seq <= previous {
				t.Errorf("%v: result %d of %s", place, r.Seq, r.AgentID)
			}
			n, previous = n+1, r.Seq
			return nil
		})
		if n != 20 || err != nil && !errors.As(err, &unread) {
			t.Errorf("%v: %d of the newest 20, %v", place, n, err)
		}
	}
}

// After damage was found in the file of identities, nothing is stored: neither what would meet the damage nor
// anything else.
func TestNothingIsStoredInADamagedStore(t *testing.T) {
	path := newPath(t)
	s := openAt(t, path)
	key := addToken(t, s)
	refusals := intake.Arrival{AgentID: "web1", Access: key, Received: time.UnixMilli(1)}
	for i := range 1000 {
		refusals.Refusals = append(refusals.Refusals, receipt.Refused{ID: fmt.Sprint(i), Code: 400, Message: "a sentence that names the field"})
	}
	if _, err := s.Append(t.Context(), []intake.Arrival{refusals}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	damage(t, path, 70, 90)
	s = openAt(t, path)
	if err := s.Verify(t.Context()); !errors.Is(err, intake.ErrDamaged) {
		t.Fatalf("verifying: %v", err)
	}
	arrival := intake.Arrival{AgentID: "web1", Access: key, Received: time.UnixMilli(1)}
	if _, err := s.Append(t.Context(), []intake.Arrival{arrival}); !errors.Is(err, intake.ErrDamaged) {
		t.Errorf("appending: %v", err)
	}
	whole := newStore(t)
	addToken(t, whole)
	if err := whole.Verify(t.Context()); err != nil {
		t.Errorf("a whole store: %v", err)
	}
}

// A damaged segment costs itself alone: it is set aside under another name, and a new one is begun.
func TestADamagedSegmentIsSetAside(t *testing.T) {
	for _, place := range [][2]int{{0, 100}, {3, 100}, {30, 100}} {
		s := newDamaged(t, place[0], place[1])
		list, err := s.Tokens(t.Context())
		if err != nil || len(list) != 1 {
			t.Fatal(err)
		}
		arrival := intake.Arrival{AgentID: "web1", Access: intake.Access{Token: 1}, Received: time.UnixMilli(1),
			Results: []intake.Result{{ResultID: "0", CheckID: "c", CheckType: "t", State: "available", Params: []byte("{}")}}}
		for i, want := range []int{1, 0} { // new, as nobody can read it any more; then a copy
			out, err := s.Append(t.Context(), []intake.Arrival{arrival})
			if err != nil || out[0].Stored != want {
				t.Fatalf("%v, append %d: %+v, %v", place, i, out, err)
			}
		}
		aside, err := filepath.Glob(filepath.Join(filepath.Dir(s.path), "segments", "*.db.damaged-1"))
		if err != nil || len(aside) != 1 {
			t.Errorf("%v: set aside: %v, %v", place, aside, err)
		}
		if n := len(intaketest.Results(t, s, intake.Filter{})); n != 1 {
			t.Errorf("%v: %d results", place, n)
		}
	}
}

// addToken makes a token for agents without keys.
func addToken(t *testing.T, s *Store) intake.Access {
	t.Helper()
	_, _, access := intaketest.NewToken(t, s)
	return access
}
