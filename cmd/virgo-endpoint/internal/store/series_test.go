package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
)

// A seriesStore makes columns of what it has before each reading.
type seriesStore struct{ *Store }

func (s seriesStore) Series(ctx context.Context, agentID string) ([]intake.Series, error) {
	if err := s.closeHours(ctx); err != nil {
		return nil, err
	}
	return s.Store.Series(ctx, agentID)
}

func (s seriesStore) Points(ctx context.Context, q intake.SeriesQuery, fn func(intake.Point) error) error {
	if err := s.closeHours(ctx); err != nil {
		return err
	}
	return s.Store.Points(ctx, q, fn)
}

// The suite passes with results in segments alone, and with all of them in columns.
func TestSeries(t *testing.T) {
	t.Run("Segments", func(t *testing.T) {
		intaketest.RunSeries(t, func(t *testing.T) intaketest.SeriesStore { return newStore(t) })
	})
	t.Run("Columns", func(t *testing.T) {
		intaketest.RunSeries(t, func(t *testing.T) intaketest.SeriesStore { return seriesStore{newStore(t)} })
	})
}

func (s seriesStore) EachPoint(ctx context.Context, q intake.PlotQuery, fn func(int, intake.Point) error) error {
	if err := s.closeHours(ctx); err != nil {
		return err
	}
	return s.Store.EachPoint(ctx, q, fn)
}

func (s seriesStore) Late(ctx context.Context, agentID, checkID string, from, to time.Time) ([]intake.LateSpan, error) {
	if err := s.closeHours(ctx); err != nil {
		return nil, err
	}
	return s.Store.Late(ctx, agentID, checkID, from, to)
}

func TestPlots(t *testing.T) {
	t.Run("Segments", func(t *testing.T) {
		intaketest.RunPlots(t, func(t *testing.T) intaketest.PlotStore { return newStore(t) })
	})
	t.Run("Columns", func(t *testing.T) {
		intaketest.RunPlots(t, func(t *testing.T) intaketest.PlotStore { return seriesStore{newStore(t)} })
	})
}

// minutes appends a result of agent a for each minute from a time on.
func minutes(t *testing.T, s *Store, access intake.Access, from time.Time, n int) {
	t.Helper()
	for i := range n {
		at := from.Add(time.Duration(i) * time.Minute)
		_, err := s.Append(t.Context(), []intake.Arrival{{AgentID: "a", Access: access, Received: at, Results: []intake.Result{{
			CheckID: "c", CheckType: "t", State: "available", Time: at,
			Params: []byte(`{"check_id":"c","min_check_period":60000,"metrics":[[null,{"m":{"t":"int64","v":"1"}}]]}`),
		}}}})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Each result is there once, whatever is in columns already: over several segments, with results that arrive between
// closings, and after the file of the history was lost or damaged.
func TestHistoryHasEachResultOnce(t *testing.T) {
	s := newStore(t)
	_, _, access := intaketest.NewToken(t, s)
	begin := time.UnixMilli(1_700_000_000_000).Truncate(time.Hour)
	q := intake.SeriesQuery{AgentID: "a", CheckID: "c", Metric: "m"}
	stored := 0
	want := func() {
		t.Helper()
		for step, points := range map[time.Duration]int{intake.EveryResult: stored, intake.Hourly: (stored + 59) / 60} {
			q.Step = step
			count := int64(0)
			list := intaketest.Points(t, s, q)
			for _, p := range list {
				count += p.Count
			}
			if len(list) != points || count != int64(stored) {
				t.Errorf("%v: %d points of %d results, want %d of %d", step, len(list), count, points, stored)
			}
		}
	}
	add := func(n int) {
		t.Helper()
		minutes(t, s, access, begin.Add(time.Duration(stored)*time.Minute), n)
		stored += n
		want()
	}
	closing := func() {
		t.Helper()
		if err := s.closeHours(t.Context()); err != nil {
			t.Fatal(err)
		}
		want()
	}
	add(70)
	closing()
	add(10)
	c, err := s.catalogue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.rollOver(t.Context(), c.open().number, begin.Add(3*time.Hour)); err != nil {
		t.Fatal(err)
	}
	add(50)
	closing()
	closing()
	add(5)
	if closed, err := s.closed(t.Context()); err != nil || closed != 130 {
		t.Errorf("closed %d, %v", closed, err)
	}
	if err := s.history.close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.historyPath(), bytes.Repeat([]byte("damage "), 4000), fileMode); err != nil {
		t.Fatal(err)
	}
	if err := s.Points(t.Context(), q, func(intake.Point) error { return nil }); !errors.Is(err, intake.ErrDamaged) {
		t.Errorf("a damaged file: %v", err)
	}
	name, err := s.setHistoryAside()
	if err != nil || !strings.HasSuffix(name, "history.db.damaged-1") {
		t.Errorf("%q, %v", name, err)
	}
	want()
	closing()
}

// Whoever opens the history while it is set aside gets none or the new one, never the file that was renamed.
func TestSetHistoryAsideWhileReading(t *testing.T) {
	s := newStore(t)
	for round := range 30 {
		if _, err := s.historyFile(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		stop, stopped := make(chan struct{}), make(chan error, 1)
		go func() {
			for {
				select {
				case <-stop:
					stopped <- nil
					return
				default:
				}
				if _, err := s.historyFile(t.Context(), false); err != nil {
					stopped <- err
					return
				}
			}
		}()
		_, err := s.setHistoryAside()
		close(stop)
		if err := errors.Join(err, <-stopped); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		s.history.mu.Lock()
		h := s.history.h
		s.history.mu.Unlock()
		if h != nil {
			t.Fatalf("round %d: the file that was set aside is open as the history", round)
		}
	}
}

// Reading while hours become columns misses no result, and shows none twice.
func TestReadingWhileHoursClose(t *testing.T) {
	s := newStore(t)
	_, _, access := intaketest.NewToken(t, s)
	begin := time.UnixMilli(1_700_000_000_000).Truncate(time.Hour)
	q := intake.SeriesQuery{AgentID: "a", CheckID: "c", Metric: "m"}
	for round := range 20 {
		minutes(t, s, access, begin.Add(time.Duration(round*5)*time.Minute), 5)
		closed := make(chan error, 1)
		go func() { closed <- s.closeHours(t.Context()) }()
		for range 3 {
			if n := len(intaketest.Points(t, s, q)); n != 5*(round+1) {
				t.Errorf("round %d: %d points", round, n)
			}
		}
		if err := <-closed; err != nil {
			t.Fatal(err)
		}
	}
}

// A damaged row of the history is named by check, and costs what it has.
func TestCheckNamesDamagedHistory(t *testing.T) {
	s := newStore(t)
	_, _, access := intaketest.NewToken(t, s)
	minutes(t, s, access, time.UnixMilli(1_700_000_000_000), 5)
	if err := s.closeHours(t.Context()); err != nil {
		t.Fatal(err)
	}
	found := func() (list []error) {
		t.Helper()
		if err := s.Check(t.Context(), func(f Finding) {
			if f.What == "history" {
				list = append(list, f.Err)
			}
		}); err != nil {
			t.Fatal(err)
		}
		return list
	}
	if list := found(); len(list) != 1 || list[0] != nil {
		t.Errorf("%v", list)
	}
	db, err := sql.Open("sqlite", s.historyPath())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("UPDATE columns SET data = x'00010203040506'"); err != nil {
		t.Fatal(err)
	}
	if list := found(); len(list) != 1 || !errors.Is(list[0], intake.ErrDamaged) || !strings.Contains(list[0].Error(), "table columns") {
		t.Errorf("%v", list)
	}
}

// While results of the segments are read for a history, all connections are free.
func TestHistoryHoldsNoConnection(t *testing.T) {
	s := newStore(t)
	_, _, access := intaketest.NewToken(t, s)
	minutes(t, s, access, time.UnixMilli(1_700_000_000_000), 3)
	key, err := s.agentKey(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	before, n := s.read.Stats().InUse, 0 // the one that watches
	err = arrivals{s}.Of(t.Context(), key, 0, func(*intake.Result) error {
		n++
		if used := s.read.Stats().InUse; used > before {
			t.Errorf("%d connections in use, %d before", used, before)
		}
		return nil
	})
	if err != nil || n != 3 {
		t.Errorf("%d results, %v", n, err)
	}
}
