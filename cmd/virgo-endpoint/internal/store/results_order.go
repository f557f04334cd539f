package store

import (
	"container/heap"
	"database/sql"
	"errors"
	"io/fs"
	"math"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/segment"
)

func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// inOrder passes on all results in the order of time. Each source has its blobs in the order of their earliest
// results; a result can be passed on once no source has a blob that begins before it.
func (r *resultsReader) inOrder() error {
	var sources []*source
	for _, a := range r.segments {
		sources = append(sources, &source{r: r, a: a, last: r.beginning()})
	}
	if r.c.old {
		rows, err := newTableSource(r)
		if err != nil {
			return err
		}
		defer rows.Close()
		sources = append(sources, &source{r: r, rows: rows})
	}
	var waiting byTime
	for {
		next, err := earliest(sources)
		if err != nil {
			return err
		}
		for len(waiting) > 0 && (next == nil || waiting[0].Time.UnixMilli() < next.least) {
			if err := r.emit(heap.Pop(&waiting).(intake.Result)); err != nil {
				return err
			}
		}
		if next == nil {
			break
		}
		if err := next.take(func(one intake.Result) { heap.Push(&waiting, one) }); err != nil {
			return err
		}
	}
	for _, s := range sources {
		if s.damage == nil {
			continue
		}
		if err := r.salvage(s.a, s.damage, s.last, r.emit); err != nil {
			return err
		}
	}
	return nil
}

// beginning is the place before the first blob that may have a result of the filter.
func (r *resultsReader) beginning() segment.Place {
	if r.f.Since.IsZero() {
		return segment.Place{Least: math.MinInt64, Seq: math.MinInt64}
	}
	return segment.Place{Least: r.since() - segment.MaxSpan.Milliseconds(), Seq: math.MinInt64}
}

// A source is a segment, or the table of a version without segments.
type source struct {
	r    *resultsReader
	a    *acquired
	rows *tableSource

	page  []segment.Blob
	last  segment.Place // of the blob that was taken last
	ready bool          // least is that of the next blob
	done  bool
	least int64
	agent bool // page has all blobs of the agent

	damage error // nothing is taken any more
}

// earliest returns the source whose next blob begins first; nil if there is none.
func earliest(sources []*source) (first *source, err error) {
	for _, s := range sources {
		if err := s.prepare(); err != nil {
			return nil, err
		}
		if !s.done && (first == nil || s.least < first.least) {
			first = s
		}
	}
	return first, nil
}

// prepare finds the next blob.
func (s *source) prepare() error {
	if s.ready || s.done {
		return nil
	}
	if s.rows != nil {
		return s.prepareRow()
	}
	if len(s.page) == 0 && !s.agent {
		var err error
		if s.r.f.AgentID != "" {
			s.page, err = s.a.OfAgent(s.r.ctx, s.r.key, s.r.since())
			s.agent = true
		} else {
			s.page, err = s.a.After(s.r.ctx, s.last)
		}
		if s.damaged(err) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	if len(s.page) == 0 {
		s.done = true
		return nil
	}
	s.least = s.page[0].Least
	if until := s.r.f.Until; !until.IsZero() && s.least >= until.UnixMilli() {
		s.done = true
		return nil
	}
	s.ready = true
	return nil
}

// damaged ends a source whose file is damaged.
func (s *source) damaged(err error) bool {
	if !errors.Is(err, intake.ErrDamaged) {
		return false
	}
	s.damage, s.done, s.page = err, true, nil
	return true
}

// take passes the results of the next blob to add.
func (s *source) take(add func(intake.Result)) error {
	s.ready = false
	if s.rows != nil {
		add(s.rows.next)
		return nil
	}
	b := &s.page[0]
	err := s.a.Load(s.r.ctx, b)
	if err == nil {
		err = s.r.selected(b, add)
	}
	if s.damaged(err) {
		return nil
	}
	s.last, s.page = b.Place(), s.page[1:]
	return err
}

// A tableSource reads the rows that are in no segment yet.
type tableSource struct {
	*sql.Rows
	next intake.Result
}

func newTableSource(r *resultsReader) (*tableSource, error) {
	query, args := resultsQuery(r.f, r.c.migrated, rowsByTime)
	rows, err := r.q.QueryContext(r.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return &tableSource{Rows: rows}, nil
}

func (s *source) prepareRow() error {
	for s.rows.Next() {
		var one intake.Result
		if err := scanResult(s.rows.Rows, &one, &one.AgentID); err != nil {
			return err
		}
		if s.r.f.Metric != "" && !s.r.f.Selects(&one) {
			continue
		}
		s.rows.next, s.least, s.ready = one, one.Time.UnixMilli(), true
		return nil
	}
	s.done = true
	return s.rows.Err()
}
