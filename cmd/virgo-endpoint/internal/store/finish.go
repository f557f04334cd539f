package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"virgo/cmd/virgo-endpoint/internal/store/segment"
)

// mergeAgents is how many contacts are merged in one transaction: enrolments wait for it.
const mergeAgents = 200

// errManyContacts ends the reading of contacts.
var errManyContacts = errors.New("enough contacts for one transaction")

// A known is an agent with its contact in one segment.
type known struct {
	agent   int64
	contact segment.Contact
}

// finish makes an ended segment a sealed one: its log is moved into the file, its contacts into agents. A kill in
// between leaves an ended segment, with which the next call goes on.
func (s *Store) finish(ctx context.Context, e *entry) error {
	a, err := s.acquire(e)
	if err != nil {
		return err
	}
	err = a.Finish(ctx)
	a.release()
	if err != nil {
		return inSegment(e.number, err)
	}
	if err := s.at("finished"); err != nil {
		return err
	}
	s.forget(e.number) // from now on it is opened as immutable
	if a, err = s.acquire(e); err != nil {
		return err
	}
	defer a.release()
	if err := s.mergeContacts(ctx, a); err != nil {
		return fmt.Errorf("merging what segment %q knows of agents: %w", a.Path(), err)
	}
	return nil
}

// mergeContacts moves the contacts of a segment into agents, and marks it as sealed at the end.
func (s *Store) mergeContacts(ctx context.Context, a *acquired) error {
	for {
		var list []known
		var merged int64
		done := false
		err := s.change(ctx, func(tx *sql.Tx) (err error) {
			if merged, err = mergedOf(ctx, tx, a.Number(), segmentEnded); err != nil {
				return err
			}
			if list, done, err = s.someContacts(ctx, a.Segment, merged); err != nil {
				return inSegment(a.Number(), err)
			}
			for i := range list {
				if err := mergeContact(ctx, tx, &list[i]); err != nil {
					return err
				}
				merged = list[i].agent
			}
			state := segmentEnded
			if done {
				state = segmentSealed
			}
			_, err = tx.ExecContext(ctx, `UPDATE segments SET merged = ?2, state = ?3, bytes = ?4, results = results + ?5 WHERE number = ?1`,
				a.Number(), merged, state, fileBytes(a.Path()), resultsOf(list))
			return err
		})
		if errors.Is(err, errOtherState) {
			return nil // another process did it
		}
		if err != nil || done {
			return err
		}
		if err := s.at("merged"); err != nil {
			return err
		}
	}
}

// errOtherState is returned when a segment is in another state than the one that a step begins with.
var errOtherState = errors.New("the segment is in another state")

func mergedOf(ctx context.Context, tx *sql.Tx, number int64, in segmentState) (merged int64, err error) {
	var state segmentState
	err = tx.QueryRowContext(ctx, "SELECT merged, state FROM segments WHERE number = ?", number).Scan(&merged, &state)
	if errors.Is(err, sql.ErrNoRows) || err == nil && state != in {
		return 0, errOtherState
	}
	return merged, err
}

// someContacts reads the contacts of agents above after, as many as belong into one transaction. done is true if these
// are the last ones.
func (s *Store) someContacts(ctx context.Context, seg *segment.Segment, after int64) (list []known, done bool, err error) {
	most := mergeAgents
	if s.mergeAtOnce > 0 {
		most = s.mergeAtOnce
	}
	err = seg.Contacts(ctx, after, func(agent int64, c *segment.Contact) error {
		if len(list) == most {
			return errManyContacts
		}
		list = append(list, known{agent, *c})
		return nil
	})
	if errors.Is(err, errManyContacts) {
		return list, false, nil
	}
	return list, true, err
}

func resultsOf(list []known) (n int64) {
	for i := range list {
		n += list[i].contact.Results
	}
	return n
}

// mergeContact writes what a segment knows of an agent to its rows. Segments are merged in their order, so
// what it knows is the latest.
func mergeContact(ctx context.Context, tx *sql.Tx, k *known) error {
	c := &k.contact
	_, err := tx.ExecContext(ctx, `UPDATE agents SET contact = ?2, results = results + ?3, last_seen_ms = max(last_seen_ms, ?4)
		WHERE key = ?1`, k.agent, segment.AppendContact(nil, c), c.Results, c.Seen)
	if err != nil {
		return err
	}
	if h := c.Hello; h != nil {
		_, err := tx.ExecContext(ctx, `UPDATE agents SET name = ?2, process_version = ?3, bundle_version = ?4, remote = ?5,
			clock_offset_ms = ?6 WHERE key = ?1`, k.agent, h.Name, h.ProcessVersion, h.BundleVersion, h.Remote, h.ClockOffsetMS)
		if err != nil {
			return err
		}
	}
	return nil
}
