package segment

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

const (
	blobColumns = "seq, agent, received_ms, least_ms, span_ms, data"
	// pageRows is how many blobs are read at once. Between pages no lock is held: a reader that stops in
	// the middle, as a pager does, keeps nobody from moving the log into the file.
	pageRows = 128
	// keptBytes bounds the frames of an agent's blobs that OfAgent reads in advance.
	keptBytes = 16 << 20
)

// scan reads a row of blobColumns.
func (s *Segment) scan(b *Blob, v []driver.Value) error {
	var span int64
	if err := integers(v, &b.Seq, &b.Agent, &b.Received, &b.Least, &span); err != nil {
		return s.damaged(err)
	}
	b.Most = b.Least + span
	data, _ := v[5].([]byte)
	return s.codec.decode(b, data)
}

// page reads some blobs.
func (s *Segment) page(ctx context.Context, query string, args ...driver.Value) ([]Blob, error) {
	var list []Blob
	err := s.read(ctx, func(c *conn) error {
		return c.each(ctx, query, args, func(v []driver.Value) error {
			var b Blob
			if err := s.scan(&b, v); err != nil {
				return err
			}
			list = append(list, b)
			return nil
		})
	})
	return list, err
}

// A Place is one of a blob in the order of time.
type Place struct{ Least, Seq int64 }

// Place is that of the blob.
func (b *Blob) Place() Place { return Place{b.Least, b.Seq} }

// Short reports whether its span is at most ShortSpan.
func (b *Blob) Short() bool { return b.Most-b.Least <= ShortSpan.Milliseconds() }

// The conditions of the indexes, as they are written in the schema.
const (
	isShort = "span_ms <= 10000"
	isLong  = "span_ms > 10000"
)

// After returns the next short or long blobs behind a place, in the order of their earliest results; none at the
// end.
func (s *Segment) After(ctx context.Context, short bool, p Place) ([]Blob, error) {
	condition := isLong
	if short {
		condition = isShort
	}
	return s.page(ctx, "SELECT "+blobColumns+" FROM blobs WHERE "+condition+
		" AND (least_ms, seq) > (?, ?) ORDER BY least_ms, seq LIMIT ?", p.Least, p.Seq, int64(pageRows))
}

// Before returns the short or long blobs before a place, the latest first; none at the beginning.
func (s *Segment) Before(ctx context.Context, short bool, p Place) ([]Blob, error) {
	condition := isLong
	if short {
		condition = isShort
	}
	return s.page(ctx, "SELECT "+blobColumns+" FROM blobs WHERE "+condition+
		" AND (least_ms, seq) < (?, ?) ORDER BY least_ms DESC, seq DESC LIMIT ?", p.Least, p.Seq, int64(pageRows))
}

// OfAgent returns the blobs of an agent with results from since (ms) on, in the order of their earliest results.
func (s *Segment) OfAgent(ctx context.Context, agent, since int64) ([]Blob, error) {
	var list []Blob
	kept := 0
	err := s.read(ctx, func(c *conn) error {
		return c.each(ctx, "SELECT "+blobColumns+` FROM blobs WHERE seq IN
			(SELECT blob FROM ids WHERE agent = ?)`, []driver.Value{agent}, func(v []driver.Value) error {
			var b Blob
			if err := s.scan(&b, v); err != nil {
				return err
			}
			switch {
			case b.Agent != agent:
				return s.damaged(fmt.Errorf("results from %d on are not of agent %d", b.Seq, agent))
			case b.Most < since:
				return nil
			}
			if kept += len(b.frame); kept > keptBytes {
				b.frame = nil
			}
			list = append(list, b)
			return nil
		})
	})
	slices.SortFunc(list, func(a, b Blob) int { return cmp.Or(cmp.Compare(a.Least, b.Least), cmp.Compare(a.Seq, b.Seq)) })
	return list, err
}

// Load reads what OfAgent did not keep; it does nothing for other blobs.
func (s *Segment) Load(ctx context.Context, b *Blob) error {
	if b.frame != nil {
		return nil
	}
	list, err := s.page(ctx, "SELECT "+blobColumns+" FROM blobs WHERE seq = ?", b.Seq)
	if err != nil {
		return err
	}
	if len(list) != 1 {
		return s.damaged(fmt.Errorf("results from %d on are not there", b.Seq))
	}
	*b = list[0]
	return nil
}

// Blobs calls fn for the blobs with after < Seq <= through, in the order of arrival. What cannot be read is skipped; the
// error at the end then wraps intake.ErrDamaged. An error of fn ends it and is returned as it is.
func (s *Segment) Blobs(ctx context.Context, after, through int64, fn func(*Blob) error) error {
	var damage error
	for after < through {
		list, err := s.page(ctx, "SELECT "+blobColumns+" FROM blobs WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
			after, through, int64(pageRows))
		for i := range list {
			if err := fn(&list[i]); err != nil {
				return err
			}
			after = list[i].Seq
		}
		switch {
		case err == nil && len(list) == 0:
			return damage
		case err == nil:
		case !errors.Is(err, intake.ErrDamaged):
			return err
		default:
			if damage == nil {
				damage = err
			}
			if after, err = s.behind(ctx, after, through); err != nil {
				return err
			}
		}
	}
	return damage
}

// Holding returns the number of the first result of the blob that has a result, or of the last one before it; that number
// itself if there is none.
func (s *Segment) Holding(ctx context.Context, seq int64) (first int64, err error) {
	err = s.read(ctx, func(c *conn) error {
		found, err := c.one(ctx, "SELECT seq FROM blobs WHERE seq <= ? ORDER BY seq DESC LIMIT 1", []driver.Value{seq},
			func(v []driver.Value) error { return integers(v, &first) })
		if err == nil && !found {
			first = seq
		}
		return err
	})
	return first, err
}

// behind returns the number before the first blob that can be read behind a damaged place. The steps
// double after the first ones: a damaged page holds some blobs, a damaged branch page thousands.
func (s *Segment) behind(ctx context.Context, bad, through int64) (int64, error) {
	const single = 256
	last := through
	if next, err := s.Next(ctx); err == nil {
		last = min(through, next)
	}
	step := int64(1)
	for tried := 0; bad < last; tried++ {
		if tried > single && step < last-bad {
			step *= 2
		}
		at := min(bad+step, last)
		switch ok, err := s.reads(ctx, at, through); {
		case err != nil:
			return at, err
		case !ok:
			bad = at
			continue
		}
		for at-bad > 1 { // the first one that can be read
			middle := bad + (at-bad)/2
			ok, err := s.reads(ctx, middle, through)
			if err != nil {
				return at, err
			}
			if ok {
				at = middle
			} else {
				bad = middle
			}
		}
		return at, nil
	}
	return through, nil
}

// reads reports whether the first blob behind a number can be read.
func (s *Segment) reads(ctx context.Context, after, through int64) (bool, error) {
	_, err := s.page(ctx, "SELECT "+blobColumns+" FROM blobs WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT 1", after, through)
	if errors.Is(err, intake.ErrDamaged) {
		return false, nil
	}
	return err == nil, err
}

// ByAgent calls fn for the blobs with after < Seq <= through, ordered by agent and then by arrival, as whoever
// works through what arrived in a while wants them. It needs 16 bytes of memory for each.
func (s *Segment) ByAgent(ctx context.Context, after, through int64, fn func(*Blob) error) error {
	type entry struct{ agent, seq int64 }
	var list []entry
	err := s.read(ctx, func(c *conn) error {
		return c.each(ctx, "SELECT agent, seq FROM blobs WHERE seq > ? AND seq <= ?", []driver.Value{after, through},
			func(v []driver.Value) error {
				var e entry
				if err := integers(v, &e.agent, &e.seq); err != nil {
					return s.damaged(err)
				}
				list = append(list, e)
				return nil
			})
	})
	if err != nil {
		return err
	}
	slices.SortFunc(list, func(a, b entry) int { return cmp.Or(cmp.Compare(a.agent, b.agent), cmp.Compare(a.seq, b.seq)) })
	for _, e := range list {
		b := Blob{Seq: e.seq}
		if err := s.Load(ctx, &b); err != nil {
			return err
		}
		if err := fn(&b); err != nil {
			return err
		}
	}
	return nil
}

// Contact returns what is known of an agent here; false if it was not seen in this segment.
func (s *Segment) Contact(ctx context.Context, agent int64) (k Contact, found bool, err error) {
	err = s.read(ctx, func(c *conn) (err error) {
		k, found, err = s.contact(ctx, c, agent)
		return err
	})
	return k, found, err
}

// Contacts calls fn for each agent that was seen here, ordered by its number, from an agent on that is
// greater than after.
func (s *Segment) Contacts(ctx context.Context, after int64, fn func(agent int64, c *Contact) error) error {
	type entry struct {
		agent int64
		c     Contact
	}
	for {
		var list []entry
		err := s.read(ctx, func(c *conn) error {
			return c.each(ctx, "SELECT agent, data FROM contacts WHERE agent > ? ORDER BY agent LIMIT ?",
				[]driver.Value{after, int64(pageRows)}, func(v []driver.Value) error {
					var e entry
					if err := integers(v, &e.agent); err != nil {
						return s.damaged(err)
					}
					var err error
					e.c, err = s.parseContact(e.agent, v[1])
					list = append(list, e)
					return err
				})
		})
		if err != nil || len(list) == 0 {
			return err
		}
		for i := range list {
			if err := fn(list[i].agent, &list[i].c); err != nil {
				return err
			}
		}
		after = list[len(list)-1].agent
	}
}

// Bounds is what a segment holds.
type Bounds struct {
	// Next is the number of the next result: numbers from First to Next-1 are or were given out here.
	Next int64
	// Empty is true if there are no results. Least is the time of the earliest one, and none is later than Most, which
	// is at most MaxSpan too late. In ms.
	Empty       bool
	Least, Most int64
}

// Next is the number of the next result.
func (s *Segment) Next(ctx context.Context) (next int64, err error) {
	err = s.read(ctx, func(c *conn) error {
		found, err := c.one(ctx, "SELECT next FROM meta", nil, func(v []driver.Value) error { return integers(v, &next) })
		return errors.Join(err, s.unless(err != nil || found, "it has no number"))
	})
	return next, err
}

// Bounds returns what the segment holds now.
func (s *Segment) Bounds(ctx context.Context) (b Bounds, err error) {
	b.Empty = true
	if b.Next, err = s.Next(ctx); err != nil {
		return b, err
	}
	err = s.read(ctx, func(c *conn) error {
		for condition, span := range map[string]int64{isShort: ShortSpan.Milliseconds(), isLong: MaxSpan.Milliseconds()} {
			var least, most int64
			empty := false
			for order, into := range map[string]*int64{"": &least, " DESC": &most} {
				found, err := c.one(ctx, "SELECT least_ms FROM blobs WHERE "+condition+" ORDER BY least_ms"+order+" LIMIT 1", nil,
					func(v []driver.Value) error { return integers(v, into) })
				if err != nil {
					return err
				}
				empty = empty || !found
			}
			if empty {
				continue
			}
			if most += span; b.Empty {
				b.Least, b.Most, b.Empty = least, most, false
			} else {
				b.Least, b.Most = min(b.Least, least), max(b.Most, most)
			}
		}
		return nil
	})
	return b, err
}
