package endpoint

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	tokenBytes  = 32       // random bytes in a token
	tokenPrefix = "virgo_" // lets a secret scanner know one
	// MaxLabelRunes bounds a token's label.
	MaxLabelRunes = 100
)

// Errors of the token methods.
var (
	// ErrBadToken is returned when a token is not known or was revoked; which of the two is not said.
	ErrBadToken = errors.New("the token is not valid")
	// ErrNoSuchToken is returned when no token has the id.
	ErrNoSuchToken = errors.New("no such token")
	// ErrBadLabel is returned when a label is too long or not plain text.
	ErrBadLabel = errors.New("bad label")
)

// A Token is what the store knows of a token: everything but the token itself, of which it keeps the
// SHA-256 only.
type Token struct {
	// ID is what a person calls it by: 8 hex digits, no secret.
	ID string
	// Label is a person's note; may be empty.
	Label string
	// Created, Revoked and LastUsed are zero where it did not happen. LastUsed is the last hello that
	// was taken.
	Created, Revoked, LastUsed time.Time
}

// AddToken makes a token and returns it; it can never be asked for again. Error: ErrBadLabel.
func (s *Store) AddToken(ctx context.Context, label string, now time.Time) (secret string, t Token, err error) {
	if err := checkLabel(label); err != nil {
		return "", Token{}, err
	}
	var raw [tokenBytes]byte
	var id [4]byte
	rand.Read(raw[:]) // never fails: it ends the program instead (crypto/rand)
	rand.Read(id[:])
	secret = tokenPrefix + base64.RawURLEncoding.EncodeToString(raw[:])
	t = Token{ID: hex.EncodeToString(id[:]), Label: label, Created: now}
	_, err = s.write.ExecContext(ctx, "INSERT INTO tokens (id, label, hash, created_ms) VALUES (?, ?, ?, ?)",
		t.ID, t.Label, tokenHash(secret), millis(now))
	if err != nil {
		return "", Token{}, fmt.Errorf("adding a token: %w", err)
	}
	return secret, t, nil
}

// Tokens lists every token, revoked ones too, oldest first.
func (s *Store) Tokens(ctx context.Context) ([]Token, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT id, label, created_ms, revoked_ms, last_used_ms FROM tokens ORDER BY key")
	if err != nil {
		return nil, fmt.Errorf("listing the tokens: %w", err)
	}
	defer rows.Close()
	var list []Token
	for rows.Next() {
		var t Token
		var created, revoked, used sql.NullInt64
		if err := rows.Scan(&t.ID, &t.Label, &created, &revoked, &used); err != nil {
			return nil, fmt.Errorf("listing the tokens: %w", err)
		}
		t.Created, t.Revoked, t.LastUsed = fromMillis(created), fromMillis(revoked), fromMillis(used)
		list = append(list, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("listing the tokens: %w", err)
	}
	return list, nil
}

// RevokeToken ends a token: once it returned, no hello and no result is taken with it, in sessions that
// are open either. Revoking one twice changes nothing. Error: ErrNoSuchToken.
func (s *Store) RevokeToken(ctx context.Context, id string, now time.Time) (Token, error) {
	var t Token
	var created, revoked, used sql.NullInt64
	err := s.write.QueryRowContext(ctx, `UPDATE tokens SET revoked_ms = coalesce(revoked_ms, ?) WHERE id = ?
		RETURNING id, label, created_ms, revoked_ms, last_used_ms`, millis(now), id).
		Scan(&t.ID, &t.Label, &created, &revoked, &used)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Token{}, fmt.Errorf("%w: %q", ErrNoSuchToken, id)
	case err != nil:
		return Token{}, fmt.Errorf("revoking token %q: %w", id, err)
	}
	t.Created, t.Revoked, t.LastUsed = fromMillis(created), fromMillis(revoked), fromMillis(used)
	return t, nil
}

// authenticate finds the token's key. The lookup is by hash, so its time says nothing about how much of
// a guess was right. Error: ErrBadToken.
func (s *Store) authenticate(ctx context.Context, secret string) (key int64, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT key FROM tokens WHERE hash = ? AND revoked_ms IS NULL", tokenHash(secret)).Scan(&key)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, ErrBadToken
	case err != nil:
		return 0, fmt.Errorf("looking up a token: %w", err)
	}
	return key, nil
}

// tokenValid says whether the token of this key may still be used.
func (s *Store) tokenValid(ctx context.Context, key int64) (bool, error) {
	var valid bool
	err := s.read.QueryRowContext(ctx, validToken, key).Scan(&valid)
	if err != nil {
		return false, fmt.Errorf("looking up a token: %w", err)
	}
	return valid, nil
}

const validToken = "SELECT EXISTS (SELECT 1 FROM tokens WHERE key = ? AND revoked_ms IS NULL)"

func tokenHash(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

func checkLabel(label string) error {
	if !utf8.ValidString(label) || utf8.RuneCountInString(label) > MaxLabelRunes {
		return fmt.Errorf("%w: at most %d characters", ErrBadLabel, MaxLabelRunes)
	}
	for _, r := range label {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("%w: it holds %q", ErrBadLabel, r)
		}
	}
	return nil
}
