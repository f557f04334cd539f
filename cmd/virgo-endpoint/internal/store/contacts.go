package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/segment"
)

// What is known of an agent is its contact in the newest segment that has one, if that is not merged yet;
// else that in its row, else the row's own columns, which a version without segments wrote.

// isMerged reports whether the contact of an agent in a segment is in the agent's row.
func (e *entry) isMerged(agent int64) bool {
	return e.state == segmentSealed || e.state == segmentEnded && agent <= e.merged
}

// unmerged calls fn for each segment whose contacts may not be in agents, newest first, until it returns false.
func (s *Store) unmerged(ctx context.Context, c *catalogue, fn func(*acquired) (more bool, err error)) error {
	for i := len(c.entries) - 1; i >= 0; i-- {
		e := &c.entries[i]
		if e.state != segmentOpen && e.state != segmentEnded {
			continue
		}
		more, err := s.using(ctx, e, fn)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// using runs fn with a segment; it does nothing if the segment was deleted meanwhile.
func (s *Store) using(ctx context.Context, e *entry, fn func(*acquired) (more bool, err error)) (more bool, err error) {
	a, err := s.acquire(e)
	if errors.Is(err, fs.ErrNotExist) {
		return true, s.missing(ctx, e)
	}
	if err != nil {
		return false, err
	}
	defer a.release()
	more, err = fn(a)
	return more, inSegment(e.number, err)
}

// inSegment makes an error one of a segment.
func inSegment(number int64, err error) error {
	var of *segmentError
	if err == nil || errors.As(err, &of) {
		return err
	}
	return &segmentError{number, err}
}

// newestContact returns an agent's contact that is not merged yet, if there is one.
func (s *Store) newestContact(ctx context.Context, c *catalogue, agent int64) (k segment.Contact, found bool, err error) {
	err = s.unmerged(ctx, c, func(a *acquired) (bool, error) {
		var err error
		k, found, err = a.Contact(ctx, agent)
		return !found, err
	})
	return k, found, err
}

// lastContact returns what is known of an agent before the open segment, which is locked; found is false if nothing is.
func (s *Store) lastContact(ctx context.Context, c *catalogue, agent *knownAgent) (k segment.Contact, found bool, err error) {
	if agent.unseen && !c.merges() {
		// The row has none now either: only contacts of ended segments are merged, and the open one cannot end.
		return k, false, nil
	}
	err = s.unmerged(ctx, c, func(a *acquired) (bool, error) {
		if a.entry.state == segmentOpen {
			return true, nil
		}
		var err error
		k, found, err = a.Contact(ctx, agent.key)
		return !found, err
	})
	if err == nil && !found {
		k, found, err = s.rowContact(ctx, agent)
	}
	return k.Continue(), found, err
}

// bundleRemote is the start of the address of an agent that was only heard of by bundles.
const bundleRemote = "bundle "

// rowContactQuery reads what rowContact needs.
const rowContactQuery = `SELECT contact, name, process_version, bundle_version, remote, last_seen_ms, clock_offset_ms
	FROM agents WHERE key = ?`

// rowContact returns the contact of an agent's row; of one that no segment was merged into, the row's own columns. It is
// called with appending held.
func (s *Store) rowContact(ctx context.Context, agent *knownAgent) (k segment.Contact, found bool, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("looking up agent %q: %w", agent.standing.AgentID, err)
		}
	}()
	if s.contactRow == nil {
		if s.contactRow, err = s.ask.PrepareContext(ctx, rowContactQuery); err != nil {
			return k, false, err
		}
	}
	var contact []byte
	var h intake.Hello
	err = s.contactRow.QueryRowContext(ctx, agent.key).
		Scan(&contact, &h.Name, &h.ProcessVersion, &h.BundleVersion, &h.Remote, &k.Seen, &h.ClockOffsetMS)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return k, false, nil
	case err != nil:
		return k, false, err
	case contact != nil:
		k, err = segment.ParseContact(contact)
		return k, true, err
	}
	if h.Remote != "" && !strings.HasPrefix(h.Remote, bundleRemote) {
		k.Hello = &h
	}
	k.Checks, err = oldRefusedChecks(ctx, s.ask, agent.key)
	return k, k.Seen > 0, err
}

// oldRefusedChecks reads what a version without segments knew of refused checks.
func oldRefusedChecks(ctx context.Context, q rowsQuerier, agent int64) ([]segment.Check, error) {
	all, err := refusedChecksIn(q.QueryContext(ctx,
		"SELECT agent, check_id, told_ms FROM refused_checks WHERE agent = ? ORDER BY check_id LIMIT ?", agent, intake.MaxChecks))
	return all[agent], err
}

// allOldRefusedChecks reads them for all agents, or for one, by the agent's key.
func allOldRefusedChecks(ctx context.Context, q rowsQuerier, agentID string) (map[int64][]segment.Check, error) {
	return refusedChecksIn(ofAgents(ctx, q,
		"SELECT agent, check_id, told_ms FROM refused_checks JOIN agents ON refused_checks.agent = agents.key", agentID,
		"ORDER BY agent, check_id"))
}

func refusedChecksIn(rows *sql.Rows, err error) (map[int64][]segment.Check, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[int64][]segment.Check{}
	for rows.Next() {
		var agent int64
		k := segment.Check{CheckState: intake.CheckState{State: "unavailable", Refused: true}}
		if err := rows.Scan(&agent, &k.CheckID, &k.RefusedAt); err != nil {
			return nil, err
		}
		k.Received = time.UnixMilli(k.RefusedAt)
		k.Time = k.Received
		all[agent] = append(all[agent], k)
	}
	return all, rows.Err()
}

// A contactView is what the segments that are not merged add to an agent's row.
type contactView struct {
	contact segment.Contact
	results int64
}

// contactViews returns them, for all agents or for one. c fits what the caller reads of agents. Of a damaged segment it
// has what can be read.
func (s *Store) contactViews(ctx context.Context, c *catalogue, q rowsQuerier, agentID string) (map[int64]*contactView, error) {
	views := map[int64]*contactView{}
	add := func(agent int64, k *segment.Contact) error {
		if v := views[agent]; v != nil {
			v.results += k.Results // newer segments come first
			return nil
		}
		views[agent] = &contactView{contact: *k, results: k.Results}
		return nil
	}
	var one int64
	if agentID != "" {
		err := q.QueryRowContext(ctx, "SELECT key FROM agents WHERE agent_id = ?", agentID).Scan(&one)
		if errors.Is(err, sql.ErrNoRows) {
			return views, nil
		}
		if err != nil {
			return nil, err
		}
	}
	err := s.unmerged(ctx, c, func(a *acquired) (bool, error) {
		after := int64(math.MinInt64)
		if a.entry.state == segmentEnded {
			after = a.entry.merged
		}
		var err error
		if one == 0 {
			err = a.Contacts(ctx, after, add)
		} else if one > after {
			var k segment.Contact
			var found bool
			if k, found, err = a.Contact(ctx, one); found {
				add(one, &k)
			}
		}
		if errors.Is(err, intake.ErrDamaged) {
			err = nil
		}
		return true, err
	})
	return views, err
}

// snapshot runs do with one state of the file, its catalogue, and what the segments add to it.
func (s *Store) snapshot(ctx context.Context, do func(tx *sql.Tx, c *catalogue) error) error {
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	c, err := catalogueIn(ctx, tx)
	if err != nil {
		return err
	}
	return do(tx, c)
}
