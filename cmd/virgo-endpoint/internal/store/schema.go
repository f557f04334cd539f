package store

import (
	"context"
	"database/sql"
	"fmt"
)

// schema lists the migrations from an empty file to today's tables: step i leads from user_version i to
// i+1. A step that was released is never changed; new ones are appended.
//
// results.result_id is NULL if the agent sent none (an agent that knows only the original protocol):
// NULLs are distinct in the unique index, so each such result is stored. The other columns that may be
// NULL are for fields that such an agent does not send.
var schema = []string{
	`CREATE TABLE agents (
		key             INTEGER PRIMARY KEY,
		agent_id        TEXT NOT NULL UNIQUE,
		name            TEXT NOT NULL DEFAULT '',
		process_version TEXT NOT NULL DEFAULT '',
		bundle_version  TEXT NOT NULL DEFAULT '',
		remote          TEXT NOT NULL DEFAULT '', -- the address of its last hello
		first_seen_ms   INTEGER NOT NULL,
		last_seen_ms    INTEGER NOT NULL,
		results         INTEGER NOT NULL DEFAULT 0 -- how many were stored
	) STRICT;
	CREATE TABLE results (
		seq          INTEGER PRIMARY KEY, -- in the order of arrival
		agent        INTEGER NOT NULL REFERENCES agents (key),
		result_id    TEXT,
		check_id     TEXT NOT NULL,
		check_type   TEXT NOT NULL,
		state        TEXT NOT NULL,
		status       TEXT NOT NULL,
		timestamp_ms INTEGER NOT NULL, -- when the check finished, by the agent's clock
		received_ms  INTEGER NOT NULL, -- when it came, by the endpoint's clock
		params       BLOB NOT NULL     -- check_metrics.post's params as they came
	) STRICT;
	CREATE UNIQUE INDEX results_once ON results (agent, result_id);
	CREATE INDEX results_by_time ON results (timestamp_ms);
	CREATE TABLE tokens (
		key          INTEGER PRIMARY KEY,
		id           TEXT NOT NULL UNIQUE, -- what a person calls it by
		label        TEXT NOT NULL,
		hash         BLOB NOT NULL UNIQUE, -- SHA-256 of the token
		created_ms   INTEGER NOT NULL,
		revoked_ms   INTEGER,
		last_used_ms INTEGER
	) STRICT;`,

	`ALTER TABLE results ADD COLUMN result_order INTEGER;             -- its place in the order of its agent's results
	ALTER TABLE results ADD COLUMN late INTEGER NOT NULL DEFAULT 0;   -- 1: it was no news when it was sent
	ALTER TABLE results ADD COLUMN age_ms INTEGER;                    -- how old it was then, by the agent's clock
	ALTER TABLE results ADD COLUMN clock_offset_ms INTEGER;           -- the endpoint's clock less the agent's, at its session's hello
	ALTER TABLE agents ADD COLUMN clock_offset_ms INTEGER;            -- the same of its last hello; NULL where that told no time
	CREATE TABLE refusals (
		key         INTEGER PRIMARY KEY, -- in the order of arrival
		agent       INTEGER NOT NULL REFERENCES agents (key),
		result_id   TEXT NOT NULL,
		code        INTEGER NOT NULL,
		message     TEXT NOT NULL,
		refused_ms  INTEGER NOT NULL,
		UNIQUE (agent, result_id)
	) STRICT;
	CREATE INDEX refusals_by_age ON refusals (agent, key);
	CREATE TABLE bundle_keys (
		agent         INTEGER PRIMARY KEY REFERENCES agents (key),
		public_key    BLOB NOT NULL,    -- Ed25519, of the first bundle that was imported, or the one accepted since
		first_seen_ms INTEGER NOT NULL
	) STRICT;`,

	// A token of before keys serves the agents that are known now, and enrols them.
	`ALTER TABLE tokens ADD COLUMN kinds INTEGER NOT NULL DEFAULT 1;      -- bits of intake.Kinds
	ALTER TABLE tokens ADD COLUMN uses INTEGER NOT NULL DEFAULT 0;        -- how many agents it may enrol; 0: any number
	ALTER TABLE tokens ADD COLUMN uses_left INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE tokens ADD COLUMN expires_ms INTEGER;
	ALTER TABLE tokens ADD COLUMN agent_group TEXT NOT NULL DEFAULT '';
	ALTER TABLE tokens ADD COLUMN known INTEGER NOT NULL DEFAULT 0;       -- 1: it is for the agents with known = 1
	UPDATE tokens SET kinds = 3, known = 1;
	CREATE TABLE token_agents (
		token    INTEGER NOT NULL REFERENCES tokens (key),
		agent_id TEXT NOT NULL, -- may be of an agent that is not known yet
		place    INTEGER NOT NULL,
		PRIMARY KEY (token, agent_id)
	) STRICT, WITHOUT ROWID;
	ALTER TABLE agents ADD COLUMN known INTEGER NOT NULL DEFAULT 0;       -- 1: a version without keys knew it
	UPDATE agents SET known = 1;
	ALTER TABLE agents ADD COLUMN agent_group TEXT NOT NULL DEFAULT '';
	ALTER TABLE agents ADD COLUMN revoked_ms INTEGER;
	ALTER TABLE agents ADD COLUMN removed_ms INTEGER;
	CREATE TABLE agent_keys (
		key            INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again: a session of before a reset stays over
		agent          INTEGER NOT NULL UNIQUE REFERENCES agents (key),
		public_key     BLOB NOT NULL UNIQUE, -- Ed25519
		registered_ms  INTEGER NOT NULL,
		remote         TEXT NOT NULL,        -- the address of the hello that registered it
		token_id       TEXT NOT NULL,        -- of the token that was used
		relay          INTEGER NOT NULL,
		session        INTEGER NOT NULL DEFAULT 0, -- the greatest number so far
		session_from   TEXT NOT NULL DEFAULT '',   -- the host of the last session
		falls          INTEGER NOT NULL DEFAULT 0, -- sessions whose number did not grow
		elsewhere      INTEGER NOT NULL DEFAULT 0, -- those of them from another host than the session before
		elsewhere_ms   INTEGER,
		elsewhere_from TEXT NOT NULL DEFAULT '',   -- the two hosts, with a blank between them
		other          INTEGER NOT NULL DEFAULT 0, -- hellos with another key
		other_ms       INTEGER,
		other_from     TEXT NOT NULL DEFAULT '',
		other_key      TEXT NOT NULL DEFAULT ''    -- its fingerprint
	) STRICT;`,

	`CREATE TABLE bundles ( -- that couriers bring, see intake.Bundles
		key         INTEGER PRIMARY KEY AUTOINCREMENT, -- in the order of the last pieces
		courier     INTEGER NOT NULL REFERENCES agents (key),
		agent       INTEGER NOT NULL REFERENCES agents (key),
		bundle      TEXT NOT NULL,
		next_offset INTEGER NOT NULL,
		verified    BLOB NOT NULL,    -- package bundle's
		results     INTEGER NOT NULL, -- how many were verified
		refused     INTEGER NOT NULL, -- how many of them were refused
		ranges      BLOB NOT NULL,    -- of the ids that were verified: start, from, to
		complete    INTEGER NOT NULL,
		updated_ms  INTEGER NOT NULL,
		UNIQUE (courier, agent, bundle)
	) STRICT;
	CREATE INDEX bundles_by_time ON bundles (updated_ms);`,

	// Results of before are not searched for the field: each check tells again with its next result.
	`ALTER TABLE results ADD COLUMN refused INTEGER NOT NULL DEFAULT 0; -- 1: the owner of the host does not allow it
	CREATE TABLE refused_checks (
		agent    INTEGER NOT NULL REFERENCES agents (key),
		check_id TEXT NOT NULL,
		told_ms  INTEGER NOT NULL, -- when the last result that says so came
		PRIMARY KEY (agent, check_id)
	) STRICT, WITHOUT ROWID;`,

	`CREATE TABLE agent_tags (
		agent INTEGER NOT NULL REFERENCES agents (key),
		tag   TEXT NOT NULL,
		PRIMARY KEY (agent, tag)
	) STRICT, WITHOUT ROWID;`,

	// Results go into segments from here on; the rows of results are moved there in the background. Until then
	// the orders of an agent's results are not known (unsure), so each of its results is looked up.
	`CREATE TABLE settings (
		name  TEXT PRIMARY KEY,
		value INTEGER NOT NULL
	) STRICT, WITHOUT ROWID;
	CREATE TABLE segments ( -- the catalogue, see the package comment
		number       INTEGER PRIMARY KEY,
		first        INTEGER NOT NULL,           -- the number of the first result that may be in it
		next         INTEGER NOT NULL DEFAULT 0, -- the number after its last result; 0 while it is open
		state        INTEGER NOT NULL,           -- a segmentState
		begun_ms     INTEGER NOT NULL,
		ended_ms     INTEGER NOT NULL DEFAULT 0,
		begun_age_ms INTEGER NOT NULL,           -- the same by the retention clock
		ended_age_ms INTEGER NOT NULL DEFAULT 0,
		merged       INTEGER NOT NULL DEFAULT 0, -- contacts of agents up to this one are in agents
		results      INTEGER NOT NULL DEFAULT 0,
		bytes        INTEGER NOT NULL DEFAULT 0, -- of the file, once it is sealed
		damage       TEXT NOT NULL DEFAULT ''
	) STRICT;
	ALTER TABLE agents ADD COLUMN contact BLOB;                     -- what the merged segments know of it, see segment.Contact
	ALTER TABLE agents ADD COLUMN highest INTEGER NOT NULL DEFAULT -1; -- the highest order of its results that were moved
	ALTER TABLE agents ADD COLUMN unsure INTEGER NOT NULL DEFAULT 0;   -- 1: results may have higher orders
	UPDATE agents SET unsure = 1 WHERE EXISTS (SELECT 1 FROM results WHERE results.agent = agents.key);`,

	`ALTER TABLE tokens ADD COLUMN scopes TEXT NOT NULL DEFAULT ''; -- of kind admin: words with blanks between them`,
}

// migrate updates the tables to the last version of schema in one transaction. Of two processes that
// open a file at the same time one waits for the other.
func (s *Store) migrate(ctx context.Context) error {
	var version int
	if err := s.read.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version == len(schema) {
		return nil
	}
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	// Once more, under the write lock: another process may have been faster.
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version > len(schema) {
		return fmt.Errorf("%w: its schema has version %d, this program supports up to %d", ErrNewer,
			version, len(schema))
	}
	if version == len(schema) {
		return nil
	}
	for ; version < len(schema); version++ {
		if _, err := tx.ExecContext(ctx, schema[version]); err != nil {
			return fmt.Errorf("migrating the tables from version %d to %d: %w", version, version+1, err)
		}
	}
	if err := dropEmptyTable(ctx, tx); err != nil {
		return fmt.Errorf("migrating the tables to version %d: %w", version, err)
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version)); err != nil {
		return err
	}
	return tx.Commit()
}

// dropEmptyTable drops the table results if it has no rows: only stores of before segments have some.
func dropEmptyTable(ctx context.Context, tx *sql.Tx) error {
	var there, left bool
	err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'results')").Scan(&there)
	if err != nil || !there {
		return err
	}
	if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM results)").Scan(&left); err != nil || left {
		return err
	}
	_, err = tx.ExecContext(ctx, "DROP TABLE results")
	return err
}
