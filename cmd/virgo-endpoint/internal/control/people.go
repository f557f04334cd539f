package control

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

// people implements watch.People.
type people struct{ d *DB }

const personColumns = "name, role, password, version, created_ms, disabled_ms"

// personInto are where the columns of a person are scanned into.
func personInto(p *watch.Person) []any {
	return []any{&p.Name, &p.Role, &p.Password, &p.Version, stamp{&p.Created}, stamp{&p.Disabled}}
}

// Person implements watch.People.
func (p people) Person(ctx context.Context, name string) (one watch.Person, err error) {
	found, err := p.d.one(ctx, "reading a person", "SELECT "+personColumns+" FROM people WHERE name = ?", []any{name}, personInto(&one)...)
	if err == nil && !found {
		err = watch.ErrNoSuchPerson
	}
	return one, err
}

// All implements watch.People.
func (p people) All(ctx context.Context) (all []watch.Person, err error) {
	err = p.d.each(ctx, "reading people", "SELECT "+personColumns+" FROM people ORDER BY name", nil, func(rows *sql.Rows) error {
		var one watch.Person
		err := rows.Scan(personInto(&one)...)
		all = append(all, one)
		return err
	})
	return all, err
}

// Put implements watch.People.
func (p people) Put(ctx context.Context, one watch.Person) (watch.Person, error) {
	err := p.d.change(ctx, "saving a person", false, func(tx *sql.Tx) error {
		var before watch.Person
		err := tx.QueryRowContext(ctx, "SELECT "+personColumns+" FROM people WHERE name = ?", one.Name).Scan(personInto(&before)...)
		known := err == nil
		switch {
		case err != nil && !errors.Is(err, sql.ErrNoRows):
			return err
		case one.Version == 0 && known:
			return watch.ErrPersonExists
		case one.Version != 0 && !known:
			return watch.ErrNoSuchPerson
		case one.Version != before.Version:
			return watch.ErrChanged
		case known:
			one.Created = before.Created
		}
		one.Version++
		if known && (one.Role != before.Role || one.Password != before.Password || millis(one.Disabled) != millis(before.Disabled)) {
			if _, err := tx.ExecContext(ctx, "DELETE FROM sessions WHERE person = ?", one.Name); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO people ("+personColumns+`) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET
			role = excluded.role, password = excluded.password, version = excluded.version, disabled_ms = excluded.disabled_ms`,
			one.Name, one.Role, one.Password, one.Version, millis(one.Created), millis(one.Disabled))
		return err
	})
	if err != nil {
		return watch.Person{}, err
	}
	return one, nil
}

// Remove implements watch.People. The sessions go with the person.
func (p people) Remove(ctx context.Context, name string) error {
	return p.d.change(ctx, "removing a person", false, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, "DELETE FROM people WHERE name = ?", name)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, watch.ErrNoSuchPerson)
		}
		return nil
	})
}

// Session implements watch.People.
func (p people) Session(ctx context.Context, hash [32]byte) (s watch.Session, one watch.Person, err error) {
	into := append([]any{&s.Person, stamp{&s.Created}, stamp{&s.Used}, &s.Remote}, personInto(&one)...)
	found, err := p.d.one(ctx, "reading a session", `SELECT s.person, s.created_ms, s.used_ms, s.remote, p.name, p.role, p.password, p.version,
		p.created_ms, p.disabled_ms FROM sessions s JOIN people p ON p.name = s.person WHERE s.hash = ? AND p.disabled_ms = 0`, []any{hash[:]}, into...)
	if err == nil && !found {
		err = watch.ErrNoSession
	}
	if err != nil {
		return watch.Session{}, watch.Person{}, err
	}
	s.Hash = hash
	return s, one, nil
}

// Begin implements watch.People.
func (p people) Begin(ctx context.Context, s watch.Session) error {
	return p.d.change(ctx, "beginning a session", false, func(tx *sql.Tx) error {
		var known bool
		if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM people WHERE name = ? AND disabled_ms = 0)", s.Person).Scan(&known); err != nil {
			return err
		}
		if !known {
			return watch.ErrNoSuchPerson
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO sessions (hash, person, created_ms, used_ms, remote) VALUES (?, ?, ?, ?, ?)", s.Hash[:], s.Person,
			millis(s.Created), millis(s.Used), s.Remote); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE hash IN (SELECT hash FROM sessions WHERE person = ?1 AND hash <> ?2
			ORDER BY used_ms DESC, created_ms DESC LIMIT -1 OFFSET ?3)`, s.Person, s.Hash[:], watch.MaxSessions-1)
		return err
	})
}

// Touch implements watch.People.
func (p people) Touch(ctx context.Context, hash [32]byte, at time.Time) error {
	return p.d.change(ctx, "noting the use of a session", true, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE sessions SET used_ms = ? WHERE hash = ?", millis(at), hash[:])
		return err
	})
}

// End implements watch.People.
func (p people) End(ctx context.Context, hash [32]byte, all bool) error {
	query := "DELETE FROM sessions WHERE hash = ?"
	if all {
		query = "DELETE FROM sessions WHERE person = (SELECT person FROM sessions WHERE hash = ?)"
	}
	return p.d.change(ctx, "ending a session", false, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, query, hash[:])
		return err
	})
}

// EndOld implements watch.People.
func (p people) EndOld(ctx context.Context, created, used time.Time) error {
	_, err := p.d.deleteSome(ctx, "ending old sessions", "DELETE FROM sessions WHERE created_ms < ? OR used_ms < ?", millis(created), millis(used))
	return err
}
