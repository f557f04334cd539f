package store

import (
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/transport/receipt"
)

// damagePage overwrites one page of a file, and reports whether it has that many.
func damagePage(t *testing.T, path string, page int) bool {
	t.Helper()
	const size = 4096
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if (page+1)*size > len(data) {
		return false
	}
	copy(data[page*size:(page+1)*size], strings.Repeat("\xa5", size))
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return true
}

// Whichever page of a segment is damaged, when it is sealed and when what it knows of agents is merged: upkeep goes on, and
// results are stored.
func TestDamageOfASegmentCostsThatSegment(t *testing.T) {
	evening := time.Date(2026, 3, 1, 23, 59, 30, 0, time.UTC)
	for _, step := range []string{"roll-over", "merge"} {
		for page, more := 0, true; more; page++ {
			path := newPath(t)
			s := openAt(t, path)
			key := addToken(t, s)
			for i, agent := range []string{"a", "b", "c"} {
				var ids []string
				for n := range 50 {
					ids = append(ids, receipt.ID(agent, 1, uint64(n)))
				}
				a := posted(key, agent, ids...)
				a.Received = evening
				a.Hello = &intake.Hello{Name: strings.Repeat("x", 100*i)}
				wantStored(t, s, len(ids), a)
			}
			s.Close()
			file := segmentOf(t, path)
			if step == "roll-over" {
				more = damagePage(t, file, page)
			}
			s = openAt(t, path)
			s.step = func(name string) error {
				if step == "merge" && name == "finished" {
					more = damagePage(t, file, page)
				}
				return nil
			}
			m := &Maintenance{Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return evening.Add(time.Minute) }}
			if err := s.upkeep(t.Context(), m, &state{}); err != nil {
				t.Errorf("%s, page %d: %v", step, page, err)
			}
			if err := s.damaged(); err != nil {
				t.Errorf("%s, page %d: nothing is stored any more: %v", step, page, err)
			}
			a := posted(key, "a", receipt.ID("a", 1, 1000))
			a.Received = evening.Add(time.Minute)
			wantStored(t, s, 1, a)
		}
	}
}

// What keeps a damaged segment from being set aside is no damage of the store: the next batch tries again.
func TestSettingAsideIsTriedAgain(t *testing.T) {
	s := newDamaged(t, 30, 100)
	passing := errors.New("the disk is full")
	s.step = func(name string) error {
		if name == "set aside" {
			return passing
		}
		return nil
	}
	a := posted(intake.Access{Token: 1}, "web1", "0")
	if _, err := s.Append(t.Context(), []intake.Arrival{a}); !errors.Is(err, passing) || errors.Is(err, intake.ErrDamaged) {
		t.Errorf("while the disk is full: %v", err)
	}
	s.step = nil
	wantStored(t, s, 1, a)
}
