package intake

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"
)

// Keys manages the tokens with which agents authenticate.
type Keys interface {
	// AddToken makes a token and returns it as secret. Only its hash is stored, so it cannot be
	// returned again. Error: ErrBadLabel.
	AddToken(ctx context.Context, label string, now time.Time) (secret string, t Token, err error)
	// Tokens returns every token, revoked ones too, oldest first.
	Tokens(ctx context.Context) ([]Token, error)
	// RevokeToken revokes a token. Once it has returned, no hello and no result with that token is
	// accepted, not even in open sessions. Revoking it twice changes nothing. Error: ErrNoSuchToken.
	RevokeToken(ctx context.Context, id string, now time.Time) (Token, error)
}

// Errors of Keys.
var (
	// ErrNoSuchToken is returned when no token has the id.
	ErrNoSuchToken = errors.New("no such token")
	// ErrBadLabel is returned when a label is too long or not plain text.
	ErrBadLabel = errors.New("invalid label")
)

// A Token describes a token. It does not contain the token itself.
type Token struct {
	// ID identifies the token for people: 8 hexadecimal digits, not secret.
	ID string
	// Label is a person's note; may be empty.
	Label string
	// Created, Revoked and LastUsed are by the endpoint's clock; zero if it did not happen. LastUsed
	// is when the last hello with the token was accepted.
	Created, Revoked, LastUsed time.Time
}

// CheckLabel returns an error for an invalid label of a token: ErrBadLabel.
func CheckLabel(label string) error {
	if !utf8.ValidString(label) || utf8.RuneCountInString(label) > MaxLabelRunes {
		return fmt.Errorf("%w: at most %d characters", ErrBadLabel, MaxLabelRunes)
	}
	for _, r := range label {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("%w: it contains %q", ErrBadLabel, r)
		}
	}
	return nil
}
