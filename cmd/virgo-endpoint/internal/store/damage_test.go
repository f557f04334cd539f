package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
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
		params := fmt.Appendf(nil, `{"n":%d,"x":%q}`, i, bytes.Repeat([]byte("x"), 100+i%10*900))
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
	damage(t, path, from, to)
	return openAt(t, path)
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

// After damage was found, nothing is stored: neither what would meet the damage nor anything else.
func TestNothingIsStoredInADamagedStore(t *testing.T) {
	s := newDamaged(t, 40, 60)
	if err := s.Verify(t.Context()); !errors.Is(err, intake.ErrDamaged) {
		t.Fatalf("verifying: %v", err)
	}
	arrival := intake.Arrival{AgentID: "web1", Access: intake.Access{Token: 1}, Received: time.UnixMilli(1)}
	if _, err := s.Append(t.Context(), []intake.Arrival{arrival}); !errors.Is(err, intake.ErrDamaged) {
		t.Errorf("appending: %v", err)
	}
	whole := newStore(t)
	addToken(t, whole)
	if err := whole.Verify(t.Context()); err != nil {
		t.Errorf("a whole store: %v", err)
	}
}

// A write that meets damage is an error, and so is every one after it.
func TestAWriteThatMeetsDamage(t *testing.T) {
	s := newDamaged(t, 3, 100)
	arrival := intake.Arrival{AgentID: "web1", Access: intake.Access{Token: 1}, Received: time.UnixMilli(1),
		Results: []intake.Result{{ResultID: "new", CheckID: "c", CheckType: "t", State: "available", Params: []byte("{}")}}}
	for range 2 {
		if _, err := s.Append(t.Context(), []intake.Arrival{arrival}); !errors.Is(err, intake.ErrDamaged) {
			t.Fatalf("appending: %v", err)
		}
		damaged := s.damaged()
		if damaged == nil {
			t.Fatal("the damage is not remembered")
		}
	}
}

// addToken makes a token for agents without keys.
func addToken(t *testing.T, s *Store) intake.Access {
	t.Helper()
	_, _, access := intaketest.NewToken(t, s)
	return access
}
