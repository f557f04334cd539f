package history

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
)

// arrivals are the results of a memory store. The number of an agent is that which its id ends with, else the
// length of its id.
type arrivals struct{ *intaketest.Memory }

func numberOf(agent string) int64 {
	for i := range agent {
		if n, err := strconv.ParseInt(agent[i:], 10, 64); err == nil {
			return n
		}
	}
	return int64(len(agent))
}

func (a arrivals) bySeq(ctx context.Context, keep func(r *intake.Result) bool) ([]intake.Result, error) {
	var list []intake.Result
	err := a.Results(ctx, intake.Filter{}, func(r intake.Result) error {
		if keep(&r) {
			list = append(list, r)
		}
		return nil
	})
	slices.SortFunc(list, func(a, b intake.Result) int {
		return cmp.Or(cmp.Compare(numberOf(a.AgentID), numberOf(b.AgentID)), cmp.Compare(a.Seq, b.Seq))
	})
	return list, err
}

func (a arrivals) Each(ctx context.Context, from, to, after int64, fn func(int64, *intake.Result) error) error {
	list, err := a.bySeq(ctx, func(r *intake.Result) bool { return r.Seq > from && r.Seq <= to && numberOf(r.AgentID) > after })
	if err != nil {
		return err
	}
	for i := range list {
		if err := fn(numberOf(list[i].AgentID), &list[i]); err != nil {
			return err
		}
	}
	return nil
}

func (a arrivals) Of(ctx context.Context, agent, from int64, fn func(*intake.Result) error) error {
	list, err := a.bySeq(ctx, func(r *intake.Result) bool { return r.Seq > from && numberOf(r.AgentID) == agent })
	if err != nil {
		return err
	}
	for i := range list {
		if err := fn(&list[i]); err != nil {
			return err
		}
	}
	return nil
}

// last returns the Seq of the last result.
func (a arrivals) last(t testing.TB) (seq int64) {
	t.Helper()
	if err := a.Results(t.Context(), intake.Filter{}, func(r intake.Result) error { seq = max(seq, r.Seq); return nil }); err != nil {
		t.Fatal(err)
	}
	return seq
}

// openTest opens a history that is closed when the test ends.
func openTest(t testing.TB, path string) *History {
	t.Helper()
	h, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// A seriesStore is a memory store whose series are read from a history.
type seriesStore struct {
	*intaketest.Memory
	t       *testing.T
	history *History
	advance bool // before each reading
}

func (s *seriesStore) ready(ctx context.Context, agentID string) error {
	if _, err := s.Memory.Series(ctx, agentID); err != nil {
		return err
	}
	if s.advance {
		return s.history.Advance(ctx, arrivals{s.Memory}, arrivals{s.Memory}.last(s.t), nil)
	}
	return nil
}

func (s *seriesStore) Series(ctx context.Context, agentID string) ([]intake.Series, error) {
	if err := s.ready(ctx, agentID); err != nil {
		return nil, err
	}
	return s.history.Series(ctx, arrivals{s.Memory}, numberOf(agentID))
}

func (s *seriesStore) Points(ctx context.Context, q intake.SeriesQuery, fn func(intake.Point) error) error {
	if err := s.ready(ctx, q.AgentID); err != nil {
		return err
	}
	return s.history.Points(ctx, arrivals{s.Memory}, numberOf(q.AgentID), q, fn)
}

// The suite passes with everything in columns, with nothing in columns, and without a file.
func TestConformance(t *testing.T) {
	for _, name := range []string{"NoFile", "Open", "InColumns"} {
		t.Run(name, func(t *testing.T) {
			intaketest.RunSeries(t, func(t *testing.T) intaketest.SeriesStore {
				s := &seriesStore{Memory: &intaketest.Memory{}, t: t, advance: name == "InColumns"}
				if name != "NoFile" {
					s.history = openTest(t, filepath.Join(t.TempDir(), "history.db"))
				}
				return s
			})
		})
	}
}
