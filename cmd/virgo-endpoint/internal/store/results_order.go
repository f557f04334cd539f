package store

import (
	"cmp"
	"database/sql"
	"errors"
	"io/fs"
	"math"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/segment"
)

func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// inOrder passes on all results in the order of time. Each source has its blobs in the order of their earliest
// results; a result can be passed on once no source has a blob that begins before it.
func (r *resultsReader) inOrder() error {
	var sources []*source
	for _, a := range r.segments {
		sources = append(sources, r.sourcesOf(a)...)
	}
	if r.c.old {
		rows, err := newTableSource(r)
		if err != nil {
			return err
		}
		defer rows.Close()
		sources = append(sources, &source{r: r, rows: rows})
	}
	buffer := reorderBuffer{r: r, most: cmp.Or(r.s.reorderBytes, maxReorder)}
	for {
		next, err := earliest(sources)
		if err != nil {
			return err
		}
		for buffer.before(next) {
			one, ok, err := buffer.next()
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			if err := r.emit(one); err != nil {
				return err
			}
		}
		if next == nil {
			break
		}
		blob, list, err := next.take()
		if err != nil {
			return err
		}
		buffer.add(next.a, blob.Seq, blob.Count, list)
	}
	for _, s := range sources {
		if s.damage == nil {
			continue
		}
		if err := r.salvage(s.a, s.damage, s.passed, r.emit); err != nil {
			return err
		}
	}
	return nil
}

// sourcesOf returns the sources of a segment: its short and its long blobs, or those of the agent.
func (r *resultsReader) sourcesOf(a *acquired) []*source {
	if r.f.AgentID != "" {
		return []*source{{r: r, a: a, last: beginning}}
	}
	short := &source{r: r, a: a, short: true, last: r.before(segment.ShortSpan)}
	long := &source{r: r, a: a, last: r.before(segment.MaxSpan), sibling: short}
	short.sibling = long
	return []*source{short, long}
}

// before is the place before the first blob of at most this span that may have a result of the filter.
func (r *resultsReader) before(span time.Duration) segment.Place {
	if r.f.Since.IsZero() {
		return beginning
	}
	return segment.Place{Least: r.since() - span.Milliseconds(), Seq: math.MinInt64}
}

// A source is the short or the long blobs of a segment, those of an agent, or the table of a version without segments.
type source struct {
	r     *resultsReader
	a     *acquired
	short bool
	// sibling is the source of the other blobs of the segment; nil if there is none.
	sibling *source
	rows    *tableSource

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
			s.page, err = s.a.After(s.r.ctx, s.short, s.last)
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

// damaged ends the sources of a segment whose file is damaged.
func (s *source) damaged(err error) bool {
	if !errors.Is(err, intake.ErrDamaged) {
		return false
	}
	s.damage, s.done, s.page = err, true, nil
	if s.sibling != nil {
		s.sibling.done, s.sibling.page = true, nil
	}
	return true
}

// passed reports whether a blob of a damaged segment was taken.
func (s *source) passed(b *segment.Blob) bool {
	if s.sibling != nil && b.Short() != s.short {
		s = s.sibling
	}
	p := b.Place()
	return p.Least < s.last.Least || p.Least == s.last.Least && p.Seq <= s.last.Seq
}

// take returns the next blob, without its content, and its selected results.
func (s *source) take() (blob segment.Blob, list []intake.Result, err error) {
	s.ready = false
	if s.rows != nil {
		return segment.Blob{Seq: s.rows.next.Seq, Count: 1}, []intake.Result{s.rows.next}, nil
	}
	b := &s.page[0]
	if err = s.a.Load(s.r.ctx, b); err == nil {
		list, err = s.r.selected(b)
	}
	if s.damaged(err) {
		return blob, nil, nil
	}
	s.last, s.page = b.Place(), s.page[1:]
	return segment.Blob{Seq: b.Seq, Count: b.Count}, list, err
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
