package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

const (
	tokenBytes  = 32       // random bytes in a token
	tokenPrefix = "virgo_" // lets a secret scanner recognise one
)

// AddToken makes a token and returns it; see [intake.Keys].
func (s *Store) AddToken(
	ctx context.Context, spec intake.TokenSpec, now time.Time,
) (secret string, t intake.Token, err error) {
	if err := spec.Check(now); err != nil {
		return "", intake.Token{}, err
	}
	var raw [tokenBytes]byte
	var id [4]byte
	rand.Read(raw[:]) // never fails: it ends the program instead (crypto/rand)
	rand.Read(id[:])
	secret = tokenPrefix + base64.RawURLEncoding.EncodeToString(raw[:])
	t = intake.Token{ID: hex.EncodeToString(id[:]), TokenSpec: spec, UsesLeft: spec.Uses, Created: now}
	if err := s.change(ctx, func(tx *sql.Tx) error { return insertToken(ctx, tx, &t, secret) }); err != nil {
		return "", intake.Token{}, fmt.Errorf("adding a token: %w", err)
	}
	return secret, t, nil
}

func insertToken(ctx context.Context, tx *sql.Tx, t *intake.Token, secret string) error {
	done, err := tx.ExecContext(ctx, `INSERT INTO tokens
		(id, label, hash, created_ms, kinds, uses, uses_left, expires_ms, agent_group, scopes)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, t.ID, t.Label, tokenHash(secret), millis(t.Created), t.Kinds,
		t.Uses, t.UsesLeft, millis(t.Expires), t.Group, strings.Join(t.Scopes, " "))
	if err != nil {
		return err
	}
	key, err := done.LastInsertId()
	if err != nil {
		return err
	}
	for i, id := range t.AgentIDs {
		_, err := tx.ExecContext(ctx,
			"INSERT INTO token_agents (token, agent_id, place) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", key, id, i)
		if err != nil {
			return err
		}
	}
	return nil
}

// A rowsQuerier is a database or a transaction.
type rowsQuerier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// tokenColumns are what scanToken reads.
const tokenColumns = `key, id, label, created_ms, revoked_ms, last_used_ms, kinds, uses, uses_left, expires_ms,
	agent_group, known, scopes`

// scanToken reads a token, without its agents.
func scanToken(scan func(...any) error) (key int64, t intake.Token, err error) {
	var created, revoked, used, expires sql.NullInt64
	var scopes string
	err = scan(&key, &t.ID, &t.Label, &created, &revoked, &used, &t.Kinds, &t.Uses, &t.UsesLeft, &expires,
		&t.Group, &t.KnownAgents, &scopes)
	t.Created, t.Revoked, t.LastUsed = fromMillis(created), fromMillis(revoked), fromMillis(used)
	t.Expires = fromMillis(expires)
	if scopes != "" {
		t.Scopes = strings.Split(scopes, " ")
	}
	return key, t, err
}

// tokenAgents returns the ids of a token's agents.
func tokenAgents(ctx context.Context, q rowsQuerier, key int64) (ids []string, err error) {
	rows, err := q.QueryContext(ctx, "SELECT agent_id FROM token_agents WHERE token = ? ORDER BY place", key)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// oneOfTokenAgents finds an agent of a token, and another one if the token is not for that one.
const oneOfTokenAgents = `SELECT agent_id FROM token_agents WHERE token = ?1 AND agent_id = ?2
	UNION ALL SELECT * FROM (SELECT agent_id FROM token_agents WHERE token = ?1 LIMIT 1) LIMIT 1`

// tokenFor returns the token that where selects, with agentID as its only agent if it names that one: a
// token may name thousands. The key is 0 if there is no such token.
func tokenFor(ctx context.Context, q rowsQuerier, agentID, where string, arg any) (key int64, t *intake.Token, err error) {
	var all intake.Token
	key, all, err = scanToken(q.QueryRowContext(ctx, "SELECT "+tokenColumns+" FROM tokens WHERE "+where, arg).Scan)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, nil, nil
	case err != nil:
		return 0, nil, err
	}
	var id string
	err = q.QueryRowContext(ctx, oneOfTokenAgents, key, agentID).Scan(&id)
	switch {
	case err == nil:
		all.AgentIDs = []string{id}
	case !errors.Is(err, sql.ErrNoRows):
		return 0, nil, err
	}
	return key, &all, nil
}

// Tokens returns every token, revoked ones too, oldest first.
func (s *Store) Tokens(ctx context.Context) ([]intake.Token, error) {
	var list []intake.Token
	var keys []int64
	err := s.each(ctx, "listing the tokens", "SELECT "+tokenColumns+" FROM tokens ORDER BY key", nil,
		func(rows *sql.Rows) error {
			key, t, err := scanToken(rows.Scan)
			list, keys = append(list, t), append(keys, key)
			return err
		})
	if err != nil {
		return nil, err
	}
	for i, key := range keys {
		if list[i].AgentIDs, err = tokenAgents(ctx, s.read, key); err != nil {
			return nil, fmt.Errorf("listing the agents of token %q: %w", list[i].ID, err)
		}
	}
	return list, nil
}

// RevokeToken revokes a token; see [intake.Keys]. Error: intake.ErrNoSuchToken.
func (s *Store) RevokeToken(ctx context.Context, id string, now time.Time) (intake.Token, error) {
	key, t, err := scanToken(s.write.QueryRowContext(ctx,
		"UPDATE tokens SET revoked_ms = coalesce(revoked_ms, ?) WHERE id = ? RETURNING "+tokenColumns,
		millis(now), id).Scan)
	if err == nil {
		t.AgentIDs, err = tokenAgents(ctx, s.read, key)
	}
	if err == nil {
		err = s.barrier(ctx)
	}
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return intake.Token{}, fmt.Errorf("%w: %q", intake.ErrNoSuchToken, id)
	case err != nil:
		return intake.Token{}, fmt.Errorf("revoking token %q: %w", id, err)
	}
	return t, nil
}

// Bearer looks up a token of the HTTP API; see [intake.Keys]. That it was used is not worth an error.
func (s *Store) Bearer(ctx context.Context, secret string, now time.Time) (intake.Token, error) {
	key, t, err := scanToken(s.ask.QueryRowContext(ctx, "SELECT "+tokenColumns+" FROM tokens WHERE hash = ?", tokenHash(secret)).Scan)
	switch {
	case errors.Is(err, sql.ErrNoRows), err == nil && !t.IsBearer(now):
		return intake.Token{}, intake.ErrBadToken
	case err != nil:
		return intake.Token{}, fmt.Errorf("looking up a token: %w", named(err))
	}
	if now.Sub(t.LastUsed) >= intake.BearerNoted && s.damaged() == nil {
		_, _ = s.write.ExecContext(ctx, "UPDATE tokens SET last_used_ms = max(coalesce(last_used_ms, 0), ?2) WHERE key = ?1", key, millis(now))
		t.LastUsed = now
	}
	return t, nil
}

// tokenHash returns the stored form of a token. The lookup is by hash, so its duration does not reveal how
// much of a guessed token was right; package intake says why the hash is a fast one.
func tokenHash(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}
