package store

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// identityColumns are what scanIdentity reads, of agents and agent_keys.
const identityColumns = `agents.known, agents.agent_group, agents.revoked_ms, agents.removed_ms,
	k.key, k.public_key, k.registered_ms, k.remote, k.token_id, k.relay,
	k.session, k.session_from, k.falls, k.elsewhere, k.elsewhere_ms, k.elsewhere_from,
	k.other, k.other_ms, k.other_from, k.other_key,
	(SELECT public_key FROM bundle_keys WHERE bundle_keys.agent = agents.key)`

const standingQuery = "SELECT " + identityColumns +
	" FROM agents LEFT JOIN agent_keys AS k ON k.agent = agents.key WHERE agents.agent_id = ?"

// scanStanding reads what is known about an agent; the zero standing for one that is not known.
func scanStanding(agentID string, scan func(...any) error) (intake.Standing, error) {
	s := intake.Standing{Identity: intake.Identity{AgentID: agentID}}
	if err := scanIdentity(&s, scan); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return s, err
	}
	return s, nil
}

func scanIdentity(s *intake.Standing, scan func(...any) error) error {
	var revoked, removed, registration, registered, relay, session, falls, elsewhere, elsewhereAt sql.NullInt64
	var other, otherAt sql.NullInt64
	var remote, token, from, elsewhereFrom, otherFrom, otherKey sql.NullString
	var key, sealed []byte
	err := scan(&s.Known, &s.Group, &revoked, &removed, &registration, &key, &registered, &remote, &token, &relay,
		&session, &from, &falls, &elsewhere, &elsewhereAt, &elsewhereFrom, &other, &otherAt, &otherFrom, &otherKey,
		&sealed)
	if err != nil {
		return err
	}
	s.Revoked, s.Removed, s.Registration = fromMillis(revoked), fromMillis(removed), registration.Int64
	if len(key) > 0 {
		s.Key = ed25519.PublicKey(key)
	}
	if len(sealed) > 0 {
		s.Sealed = ed25519.PublicKey(sealed)
	}
	s.Registered, s.From, s.TokenID, s.Relay = fromMillis(registered), remote.String, token.String, relay.Int64 != 0
	s.Sessions = intake.Sessions{Last: uint64(session.Int64), From: from.String, Falls: falls.Int64,
		Elsewhere: elsewhere.Int64, ElsewhereAt: fromMillis(elsewhereAt)}
	s.Sessions.ElsewhereFrom[0], s.Sessions.ElsewhereFrom[1], _ = strings.Cut(elsewhereFrom.String, " ")
	s.OtherKeys = intake.OtherKeys{Count: other.Int64, Last: fromMillis(otherAt), From: otherFrom.String, Key: otherKey.String}
	return nil
}

// Admit decides about a claim; see [intake.Intake]. A claim that registers no key only reads, so that
// hellos do not wait for the write lock.
func (s *Store) Admit(ctx context.Context, c intake.Claim) (intake.Admission, error) {
	now, err := s.catalogue(ctx)
	if err != nil {
		return intake.Admission{}, err
	}
	agent, err := s.agent(ctx, now, c.AgentID)
	if err != nil {
		return intake.Admission{}, err
	}
	if agent.standing.Key != nil { // then nothing else decides
		standing, err := s.withSessions(ctx, now, agent)
		if err != nil {
			return intake.Admission{}, err
		}
		if _, _, err := intake.Decide(&c, &standing, nil); err != nil {
			return intake.Admission{}, err
		}
		return intake.Admitted(&c, &standing), nil
	}
	d, err := decide(ctx, s.ask, &c)
	if err != nil {
		return intake.Admission{}, err
	}
	switch d.basis {
	case intake.ByKey:
		return intake.Admitted(&c, &d.standing), nil
	case intake.ByToken:
		return d.byToken(), nil
	}
	var a intake.Admission
	err = s.change(ctx, func(tx *sql.Tx) (err error) {
		a, err = enrol(ctx, tx, &c)
		return err
	})
	return a, err
}

// A decision is intake.Decide's, with what it was based on.
type decision struct {
	basis    intake.Basis
	standing intake.Standing
	problem  string
	tokenKey int64
	token    *intake.Token
}

func (d *decision) byToken() intake.Admission {
	return intake.Admission{Access: intake.Access{Token: d.tokenKey}, TokenID: d.token.ID, Problem: d.problem}
}

// decide looks up what a claim needs and decides about it. Errors: those of intake.Decide.
func decide(ctx context.Context, q rowsQuerier, c *intake.Claim) (d decision, err error) {
	if d.standing, err = standingOf(ctx, q, c.AgentID, c.Key); err != nil {
		return d, err
	}
	if d.standing.Key == nil && c.Token != "" {
		if d.tokenKey, d.token, err = tokenFor(ctx, q, c.AgentID, "hash = ?", tokenHash(c.Token)); err != nil {
			return d, fmt.Errorf("looking up a token: %w", err)
		}
	}
	d.basis, d.problem, err = intake.Decide(c, &d.standing, d.token)
	return d, err
}

// standingOf looks up an agent, and which other agent a key is registered for.
func standingOf(ctx context.Context, q rowsQuerier, agentID string, key ed25519.PublicKey) (intake.Standing, error) {
	s, err := scanStanding(agentID, q.QueryRowContext(ctx, standingQuery, agentID).Scan)
	if err != nil {
		return s, fmt.Errorf("looking up agent %q: %w", agentID, err)
	}
	if s.Key != nil || key == nil {
		return s, nil
	}
	err = q.QueryRowContext(ctx,
		"SELECT agent_id FROM agents JOIN agent_keys AS k ON k.agent = agents.key WHERE k.public_key = ?",
		[]byte(key)).Scan(&s.KeyOf)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return s, fmt.Errorf("looking up a key: %w", err)
	}
	return s, nil
}

// enrol decides once more, under the write lock, and registers the claim's key.
func enrol(ctx context.Context, tx *sql.Tx, c *intake.Claim) (intake.Admission, error) {
	d, err := decide(ctx, tx, c)
	switch {
	case err != nil:
		return intake.Admission{}, err
	case d.basis == intake.ByKey: // registered meanwhile, by the same host
		return intake.Admitted(c, &d.standing), nil
	case d.basis == intake.ByToken:
		return d.byToken(), nil
	}
	_, err = tx.ExecContext(ctx, `UPDATE tokens SET uses_left = uses_left - (uses > 0),
		last_used_ms = max(coalesce(last_used_ms, 0), ?2) WHERE key = ?1`, d.tokenKey, millis(c.Now))
	if err != nil {
		return intake.Admission{}, fmt.Errorf("using a token: %w", err)
	}
	r := registration{agentID: c.AgentID, key: c.Key, at: c.Now, remote: c.Remote, tokenID: d.token.ID,
		relay: d.token.Kinds&intake.Enrol == 0, group: d.token.Group}
	if err := r.insert(ctx, tx); err != nil {
		return intake.Admission{}, err
	}
	standing, err := standingOf(ctx, tx, c.AgentID, c.Key)
	if err != nil {
		return intake.Admission{}, err
	}
	a := intake.Admitted(c, &standing)
	a.Enrolled = true
	return a, nil
}

// A registration is what is stored with a new key.
type registration struct {
	agentID, remote, tokenID, group string
	key                             ed25519.PublicKey
	at                              time.Time
	relay                           bool
}

func (r *registration) insert(ctx context.Context, tx *sql.Tx) error {
	var agent int64
	// last_seen_ms 0 is "never": the contact is stored with the session's hello.
	err := tx.QueryRowContext(ctx, `INSERT INTO agents (agent_id, first_seen_ms, last_seen_ms, agent_group)
		VALUES (?1, ?2, 0, ?3) ON CONFLICT (agent_id) DO UPDATE
		SET removed_ms = NULL, agent_group = coalesce(nullif(excluded.agent_group, ''), agent_group) RETURNING key`,
		r.agentID, millis(r.at), r.group).Scan(&agent)
	if err != nil {
		return fmt.Errorf("registering agent %q: %w", r.agentID, err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO agent_keys (agent, public_key, registered_ms, remote, token_id, relay)
		VALUES (?, ?, ?, ?, ?, ?)`, agent, []byte(r.key), millis(r.at), r.remote, r.tokenID, r.relay)
	if err != nil {
		return fmt.Errorf("registering the key of agent %q: %w", r.agentID, err)
	}
	return nil
}

// withSessions returns an agent's standing with the sessions that the segments know of. Those of a damaged one
// are not counted.
func (s *Store) withSessions(ctx context.Context, c *catalogue, agent *knownAgent) (intake.Standing, error) {
	standing := agent.standing
	k, found, err := s.newestContact(ctx, c, agent.key)
	if err != nil && !errors.Is(err, intake.ErrDamaged) {
		return standing, err
	}
	if err == nil && found {
		standing.Sessions = sessionsOf(&standing, &k)
	}
	return standing, nil
}

// Open reports whether a session may go on; see [intake.Intake].
func (s *Store) Open(ctx context.Context, agentID string, access intake.Access, now time.Time) (bool, error) {
	c, err := s.catalogue(ctx)
	if err != nil {
		return false, err
	}
	agent, err := s.agent(ctx, c, agentID)
	if err != nil {
		return false, err
	}
	return s.isOpenFor(ctx, c, agent, grant{agentID, access}, now)
}

func isOpen(ctx context.Context, q rowsQuerier, s *intake.Standing, access intake.Access, now time.Time) (bool, error) {
	var token *intake.Token
	if access.Registration == 0 {
		var err error
		if _, token, err = tokenFor(ctx, q, s.AgentID, "key = ?", access.Token); err != nil {
			return false, fmt.Errorf("looking up a token: %w", err)
		}
	}
	return intake.Open(access, s, token, now), nil
}

// addOtherKey records a hello with another key than the registered one.
func (t *transaction) addOtherKey(a *intake.Arrival) error {
	standing, err := scanStanding(a.AgentID, t.stmt(t.st.standing).QueryRowContext(t.ctx, a.AgentID).Scan)
	if err != nil || standing.Key == nil {
		return err
	}
	o := standing.OtherKeys
	o.Note(a.OtherKey, a.Received)
	_, err = t.tx.ExecContext(t.ctx,
		"UPDATE agent_keys SET other = ?2, other_ms = ?3, other_from = ?4, other_key = ?5 WHERE key = ?1",
		standing.Registration, o.Count, millis(o.Last), o.From, o.Key)
	return err
}
