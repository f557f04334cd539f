package admin

import (
	"errors"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// Nobody makes a token or a person with more rights than they have, or a token that outlives theirs.
func TestNobodyGivesMoreThanTheyHave(t *testing.T) {
	s := newSite(t)
	by := s.token(time.Hour, watch.TokensScope, watch.TagsScope, watch.PeopleScope)
	soon, late := s.now().Add(time.Minute), s.now().Add(2*time.Hour)
	for _, c := range []struct {
		spec intake.TokenSpec
		err  error
	}{
		{intake.TokenSpec{Kinds: intake.Admin, Scopes: []string{"tags"}, Expires: soon}, nil},
		{intake.TokenSpec{Kinds: intake.Admin, Scopes: []string{"tags", "tokens", "tags"}, Expires: soon}, nil},
		{intake.TokenSpec{Kinds: intake.Admin, Scopes: []string{"agents", "tags"}, Expires: soon}, ErrWider},
		{intake.TokenSpec{Kinds: intake.Admin, Scopes: []string{"tags"}, Expires: late}, ErrWider},
		{intake.TokenSpec{Kinds: intake.Admin, Scopes: []string{"everything"}, Expires: soon}, intake.ErrBadTokenSpec},
		{intake.TokenSpec{Kinds: intake.Admin, Scopes: []string{"tags"}}, intake.ErrBadTokenSpec},
		{intake.TokenSpec{Kinds: intake.Read, Expires: soon}, ErrWider},
		{intake.TokenSpec{Kinds: intake.Enrol, Uses: 1, Expires: soon}, nil},
		{intake.TokenSpec{Kinds: intake.Enrol, Uses: 1}, ErrWider},
		{intake.TokenSpec{Kinds: intake.Legacy, AgentIDs: []string{"web1"}}, ErrWider},
	} {
		s.rates = rates{}
		if secret, _, err := s.AddToken(t.Context(), by, c.spec); !errors.Is(err, c.err) || (secret == "") == (err == nil) {
			t.Errorf("%+v: %v, want %v", c.spec, err, c.err)
		}
	}
	s.rates = rates{}
	if _, err := s.AddPerson(t.Context(), by, "eve", watch.View, ""); !errors.Is(err, ErrWider) {
		t.Errorf("a person who may read: %v", err)
	}
	operator := actor(watch.ReadScope, watch.SilencesScope, watch.PeopleScope)
	if _, err := s.AddPerson(t.Context(), operator, "eve", watch.Admin, secretPassword); !errors.Is(err, ErrWider) {
		t.Errorf("an administrator: %v", err)
	}
	root, err := s.AddPerson(t.Context(), Command("root"), "root", watch.Admin, secretPassword)
	if err != nil {
		t.Fatal(err)
	}
	m := Match{ETag: PersonETag(&root)}
	_, password := s.SetPassword(t.Context(), operator, "root", "another password", m)
	_, role := s.PutPerson(t.Context(), operator, "root", watch.View, false, m)
	for what, err := range map[string]error{"password": password, "role": role, "removal": s.RemovePerson(t.Context(), operator, "root", m)} {
		if !errors.Is(err, ErrWider) {
			t.Errorf("%s of somebody who may do more: %v", what, err)
		}
	}
	bob, err := s.AddPerson(t.Context(), operator, "bob", watch.View, secretPassword)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutPerson(t.Context(), operator, "bob", watch.Operate, false, Match{ETag: PersonETag(&bob)}); err != nil {
		t.Error(err)
	}
	var changed *Changed
	if _, err := s.PutPerson(t.Context(), operator, "bob", watch.View, false, Match{ETag: PersonETag(&bob)}); !errors.As(err, &changed) {
		t.Errorf("changed meanwhile: %v", err)
	}
	if _, err := s.AddPerson(t.Context(), operator, "bob", watch.View, ""); !errors.Is(err, watch.ErrPersonExists) {
		t.Errorf("twice: %v", err)
	}
}

// A token takes people out, and lets none in: they would stay when it ends.
func TestTokensLetNobodyIn(t *testing.T) {
	s := newSite(t)
	bob, err := s.AddPerson(t.Context(), Command("root"), "bob", watch.View, secretPassword)
	if err != nil {
		t.Fatal(err)
	}
	by := s.token(time.Hour, watch.AllScopes()...)
	match := func() Match { return Match{ETag: PersonETag(&bob)} }
	if bob, err = s.PutPerson(t.Context(), by, "bob", watch.View, true, match()); err != nil {
		t.Fatalf("taking out: %v", err)
	}
	_, added := s.AddPerson(t.Context(), by, "eve", watch.View, secretPassword)
	_, password := s.SetPassword(t.Context(), by, "bob", "another long password", match())
	_, back := s.PutPerson(t.Context(), by, "bob", watch.View, false, match())
	for what, err := range map[string]error{"adding": added, "another password": password, "letting in again": back} {
		if !errors.Is(err, ErrWider) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := s.PutPerson(t.Context(), actor(watch.AllScopes()...), "bob", watch.View, false, match()); err != nil {
		t.Errorf("by a person: %v", err)
	}
}
