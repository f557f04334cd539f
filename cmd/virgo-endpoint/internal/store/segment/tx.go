package segment

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"net/url"
	"strconv"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// ErrSealed is returned by Begin when nothing is stored in the segment any more.
var ErrSealed = errors.New("the segment is sealed")

// A Tx stores results and contacts in one synced transaction, which holds the file's write lock. It is used by
// one goroutine. The caller defers Rollback.
type Tx struct {
	s    *Segment
	c    *conn
	next int64 // as it was at Begin
	last int64 // of the results that were added; 0 if none
	open bool
	data []byte // scratch
	ids  IDs
}

// Begin waits for the write lock, at most busyTimeout if another process has it. Error: ErrSealed.
func (s *Segment) Begin(ctx context.Context) (*Tx, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.sealed {
		return nil, fmt.Errorf("segment %q: %w", s.path, ErrSealed)
	}
	s.writing.Lock()
	t := &Tx{s: s}
	switch err := t.begin(ctx); {
	case err == nil:
		return t, nil
	case t.open:
		t.Rollback()
		return nil, err
	default:
		s.writing.Unlock()
		return nil, err
	}
}

func (t *Tx) begin(ctx context.Context) error {
	if t.s.write == nil {
		c, err := t.s.openWriter()
		if err != nil {
			return err
		}
		t.s.write = c
	}
	t.c = t.s.write
	if err := t.c.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	t.open = true
	var sealed int64
	found, err := t.c.one(ctx, "SELECT next, sealed FROM meta", nil, func(v []driver.Value) error {
		return integers(v, &t.next, &sealed)
	})
	switch {
	case err != nil:
		return err
	case !found:
		return t.s.damaged(errors.New("it has no number"))
	case sealed != 0:
		return fmt.Errorf("segment %q: %w", t.s.path, ErrSealed)
	}
	return nil
}

func (s *Segment) openWriter() (*conn, error) {
	name, err := uri(s.path, url.Values{"mode": {"rw"}, "_journal_mode": {"WAL"}, "_synchronous": {"FULL"},
		"_busy_timeout": {strconv.FormatInt(busyTimeout.Milliseconds(), 10)}})
	if err != nil {
		return nil, err
	}
	c, err := openConn(s.path, name)
	if err != nil {
		return nil, err
	}
	for _, pragma := range []string{fmt.Sprintf("PRAGMA cache_size = -%d", writerCache),
		fmt.Sprintf("PRAGMA wal_autocheckpoint = %d", checkpointPages)} {
		if err := c.exec(pragma); err != nil {
			c.close()
			return nil, err
		}
	}
	return c, nil
}

// Next is the number of the next result, as it was at Begin.
func (t *Tx) Next() int64 { return t.next }

// Contact returns what is known of an agent here; false if it was not seen in this segment.
func (t *Tx) Contact(ctx context.Context, agent int64) (Contact, bool, error) {
	return t.s.contact(ctx, t.c, agent)
}

// PutContact stores what is known of an agent.
func (t *Tx) PutContact(agent int64, c *Contact) error {
	t.data = AppendContact(append(t.data[:0], 0, 0, 0, 0), c)
	binary.LittleEndian.PutUint32(t.data, t.s.contactSum(agent, t.data[sumBytes:]))
	return t.c.exec("INSERT OR REPLACE INTO contacts (agent, data) VALUES (?, ?)", agent, t.data)
}

// Has reports whether a result of an agent is here.
func (t *Tx) Has(ctx context.Context, agent int64, id ID) (bool, error) {
	return has(ctx, t.c, agent, id)
}

// Add stores results of an agent that arrived together; they are not copies. Their Seq are set by the caller: Next
// and above, ascending, none of them twice. Everything else but AgentID and Received is stored as it is.
func (t *Tx) Add(agent int64, received time.Time, results []intake.Result) error {
	for len(results) > 0 {
		n, least, most := together(results)
		b := Blob{Seq: results[0].Seq, Agent: agent, Received: received.UnixMilli(), Least: least, Most: most}
		if err := t.addBlob(&b, results[:n]); err != nil {
			return err
		}
		results = results[n:]
	}
	return nil
}

// together returns how many of results are one blob, and the times of the earliest and the latest.
func together(results []intake.Result) (n int, least, most int64) {
	least = results[0].Time.UnixMilli()
	most = least
	size := 0
	for n < len(results) && n < MaxCount {
		at := results[n].Time.UnixMilli()
		size += len(results[n].Params)
		if n > 0 && (max(most, at)-min(least, at) > MaxSpan.Milliseconds() || size > MaxRawBytes) {
			break
		}
		least, most = min(least, at), max(most, at)
		n++
	}
	return n, least, most
}

func (t *Tx) addBlob(b *Blob, results []intake.Result) error {
	if b.Seq < t.next {
		return fmt.Errorf("segment %q: a result with the number %d after %d", t.s.path, b.Seq, t.next-1)
	}
	t.last = max(t.last, results[len(results)-1].Seq)
	t.data = t.s.codec.encode(t.data[:0], b, results)
	err := t.c.exec("INSERT INTO blobs (seq, agent, received_ms, least_ms, span_ms, data) VALUES (?, ?, ?, ?, ?, ?)",
		b.Seq, b.Agent, b.Received, b.Least, b.Most-b.Least, t.data)
	if err != nil {
		return err
	}
	return t.addIDs(b, results)
}

// addIDs stores the ids of a blob's results as runs.
func (t *Tx) addIDs(b *Blob, results []intake.Result) error {
	var run ID
	last, open := int64(0), false
	put := func() error {
		if !open {
			return nil
		}
		return t.c.exec("INSERT INTO ids (agent, start, first, last, blob) VALUES (?, ?, ?, ?, ?)",
			b.Agent, run.Start, run.First, last, b.Seq)
	}
	for i := range results {
		r := &results[i]
		id := ID{Start: 0, First: -r.Seq}
		if r.ResultID != "" {
			id = t.ids.Of(r.ResultID)
		}
		if open && id.ordered() && id.Start == run.Start && id.First == last+1 {
			last = id.First
			continue
		}
		if open && r.ResultID == "" && run.Start == 0 && run.First < 0 {
			continue // one row names the blob
		}
		if err := put(); err != nil {
			return err
		}
		run, last, open = id, id.First, true
	}
	return put()
}

// Commit returns when everything is synced.
func (t *Tx) Commit() error {
	if t.last >= t.next {
		if err := t.c.exec("UPDATE meta SET next = ?", t.last+1); err != nil {
			return err
		}
	}
	if err := t.c.exec("COMMIT"); err != nil {
		return err
	}
	t.end()
	return nil
}

// Rollback does nothing after Commit and Seal.
func (t *Tx) Rollback() {
	if t.open {
		// Where SQLite has rolled back by itself, this is an error that says so.
		_ = t.c.exec("ROLLBACK")
		t.end()
	}
}

func (t *Tx) end() {
	t.open = false
	t.s.writing.Unlock()
}

// contactSum is the checksum of a contact's row.
func (s *Segment) contactSum(agent int64, data []byte) uint32 {
	var head [8]byte
	binary.LittleEndian.PutUint64(head[:], uint64(agent))
	return crc32.Update(crc32.Checksum(head[:], s.codec.sums), s.codec.sums, data)
}

func (s *Segment) contact(ctx context.Context, c *conn, agent int64) (k Contact, found bool, err error) {
	found, err = c.one(ctx, "SELECT data FROM contacts WHERE agent = ?", []driver.Value{agent}, func(v []driver.Value) error {
		k, err = s.parseContact(agent, v[0])
		return err
	})
	return k, found, err
}

func (s *Segment) parseContact(agent int64, v driver.Value) (Contact, error) {
	data, _ := v.([]byte)
	if len(data) < sumBytes || binary.LittleEndian.Uint32(data) != s.contactSum(agent, data[sumBytes:]) {
		return Contact{}, s.damaged(fmt.Errorf("contact of agent %d: the checksum is wrong", agent))
	}
	k, err := ParseContact(data[sumBytes:])
	if err != nil {
		return k, s.damaged(fmt.Errorf("contact of agent %d: %w", agent, err))
	}
	return k, nil
}

// has searches the run that an id would be in.
func has(ctx context.Context, c *conn, agent int64, id ID) (bool, error) {
	last := int64(0)
	found, err := c.one(ctx, "SELECT last FROM ids WHERE agent = ? AND start = ? AND first <= ? ORDER BY first DESC LIMIT 1",
		[]driver.Value{agent, id.Start, id.First}, func(v []driver.Value) error { return integers(v, &last) })
	if err != nil || !found {
		return false, err
	}
	return last >= id.First, nil
}
