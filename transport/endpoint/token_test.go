package endpoint

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTokens(t *testing.T) {
	site := newSite(t)
	s := site.store(t)
	now := time.UnixMilli(1_700_000_000_000)
	secret, token, err := s.AddToken(t.Context(), "web 1", now)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(secret, tokenPrefix) || len(secret) != len(tokenPrefix)+43 {
		t.Errorf("the token has %d bytes", len(secret))
	}
	if _, err := s.authenticate(t.Context(), secret); err != nil {
		t.Error(err)
	}
	for _, wrong := range []string{"", "x", secret[1:], secret + "x", strings.ToUpper(secret)} {
		if _, err := s.authenticate(t.Context(), wrong); !errors.Is(err, ErrBadToken) {
			t.Errorf("a wrong token: %v", err)
		}
	}
	for i := range 2 { // the first time stays
		got, err := s.RevokeToken(t.Context(), token.ID, now.Add(time.Duration(1+i)*time.Second))
		if err != nil || !got.Revoked.Equal(now.Add(time.Second)) || got.Label != "web 1" {
			t.Errorf("revoked: %+v, %v", got, err)
		}
	}
	if _, err := s.authenticate(t.Context(), secret); !errors.Is(err, ErrBadToken) {
		t.Errorf("a revoked token: %v", err)
	}
	if _, err := s.RevokeToken(t.Context(), "nope", now); !errors.Is(err, ErrNoSuchToken) {
		t.Errorf("revoking nothing: %v", err)
	}
	for _, label := range []string{strings.Repeat("x", MaxLabelRunes+1), "a\nb", "\x1b[2J", "\xff"} {
		if _, _, err := s.AddToken(t.Context(), label, now); !errors.Is(err, ErrBadLabel) {
			t.Errorf("label %q: %v", label, err)
		}
	}
	list, err := s.Tokens(t.Context())
	if err != nil || len(list) != 2 || list[0].Label != FirstTokenLabel || list[1].ID != token.ID || !list[1].Created.Equal(time.UnixMilli(1_700_000_000_000)) {
		t.Errorf("tokens: %+v, %v", list, err)
	}
}

func TestTokenIsNowhereOnDisk(t *testing.T) {
	site := newSite(t)
	s := site.store(t)
	if _, err := s.authenticate(t.Context(), site.token); err != nil {
		t.Fatal(err)
	}
	secret := []byte(strings.TrimPrefix(site.token, tokenPrefix))
	read := 0
	err := filepath.WalkDir(string(site.folder), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, secret) {
			t.Errorf("it is in %s", path)
		}
		read++
		return err
	})
	if err != nil || read < 6 {
		t.Fatalf("read %d files: %v", read, err)
	}
}
