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
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

const (
	tokenBytes  = 32       // random bytes in a token
	tokenPrefix = "virgo_" // lets a secret scanner recognise one
)

// AddToken makes a token and returns it; see [intake.Keys]. Error: intake.ErrBadLabel.
func (s *Store) AddToken(
	ctx context.Context, label string, now time.Time,
) (secret string, t intake.Token, err error) {
	if err := intake.CheckLabel(label); err != nil {
		return "", intake.Token{}, err
	}
	var raw [tokenBytes]byte
	var id [4]byte
	rand.Read(raw[:]) // never fails: it ends the program instead (crypto/rand)
	rand.Read(id[:])
	secret = tokenPrefix + base64.RawURLEncoding.EncodeToString(raw[:])
	t = intake.Token{ID: hex.EncodeToString(id[:]), Label: label, Created: now}
	_, err = s.write.ExecContext(ctx, "INSERT INTO tokens (id, label, hash, created_ms) VALUES (?, ?, ?, ?)",
		t.ID, t.Label, tokenHash(secret), millis(now))
	if err != nil {
		return "", intake.Token{}, fmt.Errorf("adding a token: %w", err)
	}
	return secret, t, nil
}

// tokenColumns are what scanToken reads.
const tokenColumns = "id, label, created_ms, revoked_ms, last_used_ms"

func scanToken(scan func(...any) error) (t intake.Token, err error) {
	var created, revoked, used sql.NullInt64
	err = scan(&t.ID, &t.Label, &created, &revoked, &used)
	t.Created, t.Revoked, t.LastUsed = fromMillis(created), fromMillis(revoked), fromMillis(used)
	return t, err
}

// Tokens returns every token, revoked ones too, oldest first.
func (s *Store) Tokens(ctx context.Context) ([]intake.Token, error) {
	var list []intake.Token
	err := s.each(ctx, "listing the tokens", "SELECT "+tokenColumns+" FROM tokens ORDER BY key", nil,
		func(rows *sql.Rows) error {
			t, err := scanToken(rows.Scan)
			list = append(list, t)
			return err
		})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// RevokeToken revokes a token; see [intake.Keys]. Error: intake.ErrNoSuchToken.
func (s *Store) RevokeToken(ctx context.Context, id string, now time.Time) (intake.Token, error) {
	t, err := scanToken(s.write.QueryRowContext(ctx,
		"UPDATE tokens SET revoked_ms = coalesce(revoked_ms, ?) WHERE id = ? RETURNING "+tokenColumns,
		millis(now), id).Scan)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return intake.Token{}, fmt.Errorf("%w: %q", intake.ErrNoSuchToken, id)
	case err != nil:
		return intake.Token{}, fmt.Errorf("revoking token %q: %w", id, err)
	}
	return t, nil
}

// Authenticate returns the key of a valid token. The lookup is by hash, so its duration does not
// reveal how much of a guessed token was right. Error: intake.ErrBadToken.
func (s *Store) Authenticate(ctx context.Context, token string) (key intake.TokenKey, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT key FROM tokens WHERE hash = ? AND revoked_ms IS NULL",
		tokenHash(token)).Scan(&key)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, intake.ErrBadToken
	case err != nil:
		return 0, fmt.Errorf("looking up a token: %w", err)
	}
	return key, nil
}

// TokenValid reports whether the token of this key may still be used.
func (s *Store) TokenValid(ctx context.Context, key intake.TokenKey) (bool, error) {
	var valid bool
	if err := s.read.QueryRowContext(ctx, validToken, key).Scan(&valid); err != nil {
		return false, fmt.Errorf("looking up a token: %w", err)
	}
	return valid, nil
}

const validToken = "SELECT EXISTS (SELECT 1 FROM tokens WHERE key = ? AND revoked_ms IS NULL)"

func tokenHash(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}
