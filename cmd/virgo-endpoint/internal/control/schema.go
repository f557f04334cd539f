package control

import (
	"context"
	"database/sql"
	"fmt"
)

// applicationID is "vctl".
const applicationID = 0x7663746c

// schema are the migrations from an empty file to today's tables: step i leads from user_version i to i+1. A step that was
// released is never changed; new ones are appended.
var schema = []string{
	`CREATE TABLE alarm_states (
		rule          TEXT NOT NULL,
		agent         INTEGER NOT NULL, -- the number that endpoint.db has
		check_id      TEXT NOT NULL,
		dimension     TEXT NOT NULL,
		state         INTEGER NOT NULL, -- schedule/alarm.State
		before        INTEGER NOT NULL,
		since_ms      INTEGER NOT NULL,
		from_ms       INTEGER NOT NULL,
		to_ms         INTEGER NOT NULL,
		seq           INTEGER NOT NULL, -- of the last result that was judged
		value         REAL,
		threshold     REAL,
		text          TEXT NOT NULL,
		agent_id      TEXT NOT NULL,
		host          TEXT NOT NULL,
		tags          TEXT NOT NULL,
		flapping      INTEGER NOT NULL,
		silenced_by   INTEGER NOT NULL,
		acked_by      TEXT NOT NULL DEFAULT '',
		acked_ms      INTEGER NOT NULL DEFAULT 0,
		machine       BLOB NOT NULL,
		PRIMARY KEY (rule, agent, check_id, dimension)
	) STRICT, WITHOUT ROWID;
	CREATE INDEX alarm_states_of ON alarm_states (agent);
	CREATE TABLE alarm_changes (
		id         INTEGER PRIMARY KEY AUTOINCREMENT,
		at_ms      INTEGER NOT NULL,
		until_ms   INTEGER NOT NULL, -- 0 while the state lasts
		agent      INTEGER NOT NULL,
		rule       TEXT NOT NULL,
		check_id   TEXT NOT NULL,
		dimension  TEXT NOT NULL,
		agent_id   TEXT NOT NULL,
		host       TEXT NOT NULL,
		was        INTEGER NOT NULL,
		state      INTEGER NOT NULL,
		value      REAL,
		threshold  REAL,
		text       TEXT NOT NULL,
		seq        INTEGER NOT NULL,
		kind       INTEGER NOT NULL  -- watch.ChangeKind
	) STRICT;
	CREATE INDEX alarm_changes_of ON alarm_changes (agent, at_ms);
	CREATE INDEX alarm_changes_at ON alarm_changes (at_ms);
	CREATE INDEX alarm_changes_until ON alarm_changes (until_ms);
	CREATE INDEX alarm_changes_open ON alarm_changes (agent, rule, check_id, dimension) WHERE until_ms = 0;
	CREATE TABLE silences (
		id            INTEGER PRIMARY KEY AUTOINCREMENT,
		version       INTEGER NOT NULL,
		kind          TEXT NOT NULL,
		hosts         TEXT NOT NULL,
		tags          TEXT NOT NULL,
		rules         TEXT NOT NULL,
		from_ms       INTEGER NOT NULL,
		until_ms      INTEGER NOT NULL,
		days          INTEGER NOT NULL,
		start_minute  INTEGER NOT NULL,
		length_ms     INTEGER NOT NULL,
		zone          TEXT NOT NULL,
		pass_critical INTEGER NOT NULL,
		reason        TEXT NOT NULL,
		by            TEXT NOT NULL,
		created_ms    INTEGER NOT NULL,
		ended_ms      INTEGER NOT NULL
	) STRICT;
	CREATE TABLE held ( -- what a silence holds back
		silence INTEGER NOT NULL,
		change  INTEGER NOT NULL REFERENCES alarm_changes (id) ON DELETE CASCADE,
		PRIMARY KEY (silence, change)
	) STRICT, WITHOUT ROWID;
	CREATE INDEX held_changes ON held (change);
	CREATE TABLE queue (
		id         INTEGER PRIMARY KEY AUTOINCREMENT,
		notifier   TEXT NOT NULL,
		group_key  TEXT NOT NULL,
		due_ms     INTEGER NOT NULL,
		created_ms INTEGER NOT NULL,
		attempt    INTEGER NOT NULL,
		level      INTEGER NOT NULL,
		event      BLOB NOT NULL,
		error      TEXT NOT NULL
	) STRICT;
	CREATE INDEX queue_due ON queue (notifier, due_ms);
	CREATE TABLE notifiers (
		name       TEXT PRIMARY KEY,
		ok_ms      INTEGER NOT NULL,
		failing_ms INTEGER NOT NULL, -- since when
		failures   INTEGER NOT NULL,
		error      TEXT NOT NULL
	) STRICT, WITHOUT ROWID;
	CREATE TABLE cursors (
		name    TEXT PRIMARY KEY,
		seq     INTEGER NOT NULL,
		sent    INTEGER NOT NULL,
		refused INTEGER NOT NULL,
		lost    INTEGER NOT NULL,
		error   TEXT NOT NULL,
		at_ms   INTEGER NOT NULL
	) STRICT, WITHOUT ROWID;
	CREATE TABLE people (
		name        TEXT PRIMARY KEY,
		role        TEXT NOT NULL,
		password    TEXT NOT NULL, -- argon2id in PHC form
		version     INTEGER NOT NULL,
		created_ms  INTEGER NOT NULL,
		disabled_ms INTEGER NOT NULL
	) STRICT, WITHOUT ROWID;
	CREATE TABLE sessions (
		hash       BLOB PRIMARY KEY, -- SHA-256 of the cookie
		person     TEXT NOT NULL REFERENCES people (name) ON DELETE CASCADE,
		created_ms INTEGER NOT NULL,
		used_ms    INTEGER NOT NULL,
		remote     TEXT NOT NULL
	) STRICT, WITHOUT ROWID;
	CREATE INDEX sessions_of ON sessions (person, used_ms);
	CREATE TABLE settings (
		name  TEXT PRIMARY KEY,
		value TEXT NOT NULL
	) STRICT, WITHOUT ROWID;
	CREATE TABLE counters (
		name  TEXT PRIMARY KEY,
		value INTEGER NOT NULL
	) STRICT, WITHOUT ROWID;
	CREATE TABLE audit (
		id         INTEGER PRIMARY KEY AUTOINCREMENT,
		at_ms      INTEGER NOT NULL,
		actor_kind TEXT NOT NULL,
		actor      TEXT NOT NULL,
		remote     TEXT NOT NULL,
		action     TEXT NOT NULL,
		object     TEXT NOT NULL,
		before     BLOB NOT NULL,
		after      BLOB NOT NULL,
		outcome    TEXT NOT NULL
	) STRICT;
	CREATE INDEX audit_at ON audit (at_ms);`,
	`CREATE TABLE questions ( -- what a host is asked in its next session
		agent    INTEGER NOT NULL,
		type     TEXT NOT NULL,
		agent_id TEXT NOT NULL,
		asked_ms INTEGER NOT NULL,
		by       TEXT NOT NULL,
		PRIMARY KEY (agent, type)
	) STRICT, WITHOUT ROWID;
	CREATE TABLE host_info ( -- the last answer of each type
		id          INTEGER PRIMARY KEY,
		agent       INTEGER NOT NULL,
		type        TEXT NOT NULL,
		agent_id    TEXT NOT NULL,
		asked_ms    INTEGER NOT NULL,
		by          TEXT NOT NULL,
		answered_ms INTEGER NOT NULL,
		outcome     TEXT NOT NULL, -- watch.InfoOutcome
		error       TEXT NOT NULL,
		bytes       INTEGER NOT NULL, -- of metrics, expanded
		metrics     BLOB NOT NULL,    -- a zstd frame of JSON; empty: none
		UNIQUE (agent, type)
	) STRICT;`,
}

// The rows of counters.
const (
	alarmCursor    = "alarm"    // the last result that was judged
	silenceVersion = "silences" // grows with each silence and acknowledgement

	questionVersion = "questions" // grows with each change of the questions
)

// migrate updates the tables to the last version of schema, in one transaction.
func (f *files) migrate(ctx context.Context) error {
	version, err := f.version(ctx, f.read)
	if err != nil || version == len(schema) {
		return err
	}
	tx, err := f.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	// Once more, under the write lock: another process may have been faster.
	if version, err = f.version(ctx, tx); err != nil || version == len(schema) {
		return err
	}
	for ; version < len(schema); version++ {
		if _, err := tx.ExecContext(ctx, schema[version]); err != nil {
			return fmt.Errorf("migrating the tables from version %d to %d: %w", version, version+1, err)
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, version)); err != nil {
		return err
	}
	return tx.Commit()
}

type rowQuerier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// version returns the file's user_version. Errors: ErrNewer, and ErrDamagedFile for a file of another program.
func (f *files) version(ctx context.Context, q rowQuerier) (version int, err error) {
	var id, tables int
	for _, get := range []struct {
		query string
		into  *int
	}{
		{"PRAGMA user_version", &version}, {"PRAGMA application_id", &id}, {"SELECT count(*) FROM sqlite_schema", &tables},
	} {
		if err := q.QueryRowContext(ctx, get.query).Scan(get.into); err != nil {
			return 0, err
		}
	}
	switch {
	case id == applicationID && version > len(schema):
		return 0, fmt.Errorf("%w: its schema has version %d, this program supports up to %d", ErrNewer, version, len(schema))
	case id == applicationID && version > 0, id == 0 && version == 0 && tables == 0:
		return version, nil
	}
	return 0, fmt.Errorf("%w: it is another program's file", ErrDamagedFile)
}
