package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/segment"
)

// A Finding is what [Store.Check] says about one file.
type Finding struct {
	// File is its name in the endpoint's folder, What it is: "identities", "history", "segment 17".
	File, What string
	// Results is the number of results in it, -1 if it has none or that is unknown.
	Results, Bytes int64
	// Err is what is wrong; nil if nothing is.
	Err error
	// Harmless is true if it is wrong and costs no results.
	Harmless bool
}

// Check reads every file of the store, verifies all of it, and calls fn for each. Others may use the store
// meanwhile.
func (s *Store) Check(ctx context.Context, fn func(Finding)) error {
	unpin, err := s.pin()
	if err != nil {
		return fmt.Errorf("checking the store: %w", err)
	}
	defer unpin()
	k := &checker{s: s, ctx: ctx, fn: fn}
	if err := k.identities(); err != nil {
		return err
	}
	c, err := s.catalogue(ctx)
	if err != nil {
		if errors.Is(err, intake.ErrDamaged) {
			return nil // it was said
		}
		return err
	}
	for i := range c.entries {
		if err := k.segment(c, i); err != nil {
			return err
		}
	}
	if err := k.history(); err != nil {
		return err
	}
	if err := k.control(); err != nil {
		return err
	}
	return k.strangers(c)
}

type checker struct {
	s   *Store
	ctx context.Context
	fn  func(Finding)
}

// tell passes on a finding; an error that is none about the file ends the check.
func (k *checker) tell(f Finding) error {
	if err := k.ctx.Err(); err != nil {
		return err
	}
	k.fn(f)
	return nil
}

func (k *checker) identities() error {
	f := Finding{File: filepath.Base(k.s.path), What: "agents, keys and tokens", Results: -1, Bytes: fileBytes(k.s.path)}
	f.Err = integrity(k.ctx, k.s.read)
	return k.tell(f)
}

// integrity verifies a whole SQLite file, indexes and references too.
func integrity(ctx context.Context, db *sql.DB) error {
	var text string
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&text); err != nil {
		return named(err)
	}
	if text != "ok" {
		return fmt.Errorf("%w: %.500s", intake.ErrDamaged, text)
	}
	var table, parent sql.NullString
	var row, index sql.NullInt64
	err := db.QueryRowContext(ctx, "PRAGMA foreign_key_check").Scan(&table, &row, &parent, &index)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return named(err)
	}
	return fmt.Errorf("%w: a row of %s belongs to none of %s", intake.ErrDamaged, table.String, parent.String)
}

func (k *checker) segment(c *catalogue, i int) error {
	e := &c.entries[i]
	name := filepath.Join(filepath.Base(k.s.segmentsDir()), segmentName(e.number))
	f := Finding{File: name, What: fmt.Sprintf("segment %d", e.number), Results: -1, Bytes: fileBytes(k.s.segmentPath(e.number))}
	switch e.state {
	case segmentDamaged:
		f.Bytes = k.s.damagedBytes(e.number)
		f.Err = fmt.Errorf("%w: it was set aside: %s", intake.ErrDamaged, e.damage)
		return k.tell(f)
	case segmentDeleting, segmentFilling:
		return nil
	}
	f.Results, f.Err = k.verify(c, i)
	if errors.Is(f.Err, fs.ErrNotExist) {
		if gone := k.s.missing(k.ctx, e); gone == nil {
			return nil // deleted meanwhile
		}
		f.Err = fmt.Errorf("%w: the file is missing", intake.ErrDamaged)
	}
	return k.tell(f)
}

// verify reads a segment and compares it with the catalogue.
func (k *checker) verify(c *catalogue, i int) (results int64, err error) {
	e := &c.entries[i]
	a, err := k.s.acquire(e)
	if err != nil {
		return -1, err
	}
	defer a.release()
	if err := a.Verify(k.ctx); err != nil {
		return -1, err
	}
	err = a.Contacts(k.ctx, 0, func(_ int64, c *segment.Contact) error {
		results += c.Results
		return nil
	})
	if err != nil {
		return -1, err
	}
	bounds, err := a.Bounds(k.ctx)
	if err != nil {
		return -1, err
	}
	damaged := func(format string, args ...any) error {
		return fmt.Errorf("%w: the catalogue of %s does not fit it: "+format, append([]any{intake.ErrDamaged, storeName}, args...)...)
	}
	switch {
	case a.First() != e.first:
		return results, damaged("its first result has the number %d, not %d", a.First(), e.first)
	case e.state != segmentOpen && bounds.Next > e.next:
		return results, damaged("it has results up to %d, not %d", bounds.Next-1, e.next-1)
	case e.state == segmentSealed && results != e.results:
		return results, damaged("it has %d results, not %d", results, e.results)
	}
	if i+1 < len(c.entries) && bounds.Next > c.entries[i+1].first {
		later := &c.entries[i+1]
		return results, damaged("it has results from %d on, which are those of segment %d", later.first, later.number)
	}
	return results, nil
}

func (k *checker) history() error {
	path := k.s.historyPath()
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	f := Finding{File: historyName, What: "history", Results: -1, Bytes: fileBytes(path)}
	if f.Err = integrityOf(k.ctx, path); f.Err == nil {
		f.Err = k.historyRows()
	}
	return k.tell(f)
}

// control verifies the file of package control. Its damage costs no results.
func (k *checker) control() error {
	path := filepath.Join(filepath.Dir(k.s.path), controlName)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return k.tell(Finding{File: controlName, What: "alarms, silences and people", Results: -1, Bytes: fileBytes(path),
		Err: integrityOf(k.ctx, path)})
}

// integrityOf is integrity of the file at path.
func integrityOf(ctx context.Context, path string) error {
	dsn, err := dataSource(path)
	if err != nil {
		return err
	}
	db, err := sql.Open("sqlite", dsn+"&_query_only=1")
	if err != nil {
		return err
	}
	defer db.Close()
	return integrity(ctx, db)
}

// historyRows returns what is wrong with the rows of the history.
func (k *checker) historyRows() error {
	h, err := k.s.historyFile(k.ctx, false)
	if h == nil || err != nil { // set aside meanwhile
		return err
	}
	r, err := h.Verify(k.ctx)
	if err == nil && r.Damaged > 0 {
		err = fmt.Errorf("%w: %d of %d rows cannot be read; the first is %s", intake.ErrDamaged, r.Damaged, r.Rows, r.First)
	}
	return err
}

// strangers names files in the folder of segments that are in no catalogue.
func (k *checker) strangers(c *catalogue) error {
	list, err := os.ReadDir(k.s.segmentsDir())
	if err != nil {
		return err
	}
	for _, file := range list {
		name := file.Name()
		base, _, _ := strings.Cut(name, ".db")
		isKnown := slices.ContainsFunc(c.entries, func(e entry) bool { return segmentName(e.number) == base+".db" })
		if isKnown || !strings.HasSuffix(name, ".db") {
			continue
		}
		if now, err := k.s.catalogue(k.ctx); err != nil {
			return err
		} else if now != c { // the server has begun a new one meanwhile
			continue
		}
		path := filepath.Join(k.s.segmentsDir(), name)
		err := k.tell(Finding{File: filepath.Join(filepath.Base(k.s.segmentsDir()), name), What: "unknown", Results: -1,
			Bytes: fileBytes(path), Err: errors.New("no catalogue has it: it is not read"), Harmless: true})
		if err != nil {
			return err
		}
	}
	return nil
}
