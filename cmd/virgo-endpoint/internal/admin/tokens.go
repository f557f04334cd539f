package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// AddToken makes a token; the secret is shown this once. A token makes none that may do more or lasts longer than
// itself. Errors: ErrWider, intake.ErrBadLabel, intake.ErrBadTokenSpec.
func (a *Admin) AddToken(ctx context.Context, by watch.Actor, spec intake.TokenSpec) (secret string, t intake.Token, err error) {
	unlock, err := a.begin(by, watch.TokensScope)
	if err != nil {
		return "", t, err
	}
	defer unlock()
	spec.Scopes = slices.Clone(spec.Scopes)
	slices.Sort(spec.Scopes)
	spec.Scopes = slices.Compact(spec.Scopes)
	for _, name := range spec.Scopes {
		if _, err := watch.ParseScope(name); err != nil {
			return "", t, fmt.Errorf("%w: %w", intake.ErrBadTokenSpec, err)
		}
	}
	if err := spec.Check(a.Now()); err != nil {
		return "", t, err
	}
	if err := a.notWider(ctx, by, &spec); err != nil {
		return "", t, err
	}
	r := record{action: "add token", object: cmp.Or(spec.Label, "without a label"), after: tokenSummary(&spec)}
	err = a.do(ctx, by, r, func() error {
		secret, t, err = a.Keys.AddToken(ctx, spec, a.Now())
		return err
	})
	if err != nil {
		return "", intake.Token{}, err
	}
	return secret, t, nil
}

// notWider refuses a token that may do more or lasts longer than who makes it.
func (a *Admin) notWider(ctx context.Context, by watch.Actor, spec *intake.TokenSpec) error {
	need := spec.Scopes
	if spec.Kinds == intake.Read {
		need = []string{string(watch.ReadScope)}
	}
	for _, name := range need {
		if !by.May(watch.Scope(name)) {
			return fmt.Errorf("%w: the scope %s", ErrWider, name)
		}
	}
	if by.Kind != watch.TokenActor {
		return nil
	}
	end, err := a.endOf(ctx, by.Name)
	if err != nil {
		return err
	}
	if !end.IsZero() && (spec.Expires.IsZero() || spec.Expires.After(end)) {
		return fmt.Errorf("%w: this token ends at %s, and so must all that it makes", ErrWider, end.UTC().Format(time.RFC3339))
	}
	return nil
}

// endOf returns when a token ends.
func (a *Admin) endOf(ctx context.Context, id string) (time.Time, error) {
	list, err := a.Keys.Tokens(ctx)
	if err != nil {
		return time.Time{}, err
	}
	i := slices.IndexFunc(list, func(t intake.Token) bool { return t.ID == id })
	if i < 0 {
		return time.Time{}, fmt.Errorf("%w: %q", intake.ErrNoSuchToken, id)
	}
	return list[i].Expires, nil
}

func tokenSummary(s *intake.TokenSpec) []byte {
	var out struct {
		Label    string   `json:"label,omitempty"`
		Group    string   `json:"group,omitempty"`
		Kinds    string   `json:"kinds"`
		Uses     int      `json:"uses,omitempty"`
		Expires  string   `json:"expires,omitempty"`
		AgentIDs []string `json:"agent_ids,omitempty"`
		Scopes   string   `json:"scopes,omitempty"`
	}
	out.Label, out.Group, out.Kinds, out.Uses, out.AgentIDs = s.Label, s.Group, s.Kinds.String(), s.Uses, s.AgentIDs
	out.Scopes = strings.Join(s.Scopes, " ")
	if !s.Expires.IsZero() {
		out.Expires = s.Expires.UTC().Format(time.RFC3339)
	}
	data, err := json.Marshal(out)
	if err != nil {
		return nil
	}
	return data
}

// Tokens returns all tokens, without their secrets.
func (a *Admin) Tokens(ctx context.Context, by watch.Actor) ([]intake.Token, error) {
	if !by.May(watch.TokensScope) {
		return nil, &ScopeError{[]watch.Scope{watch.TokensScope}}
	}
	return a.Keys.Tokens(ctx)
}

// RevokeToken ends a token. Error: intake.ErrNoSuchToken.
func (a *Admin) RevokeToken(ctx context.Context, by watch.Actor, id string) (t intake.Token, err error) {
	unlock, err := a.begin(by, watch.TokensScope)
	if err != nil {
		return t, err
	}
	defer unlock()
	list, err := a.Keys.Tokens(ctx)
	if err != nil {
		return t, err
	}
	i := slices.IndexFunc(list, func(t intake.Token) bool { return t.ID == id })
	if i < 0 {
		return t, fmt.Errorf("%w: %q", intake.ErrNoSuchToken, id)
	}
	err = a.do(ctx, by, record{action: "revoke token", object: id, before: tokenSummary(&list[i].TokenSpec)}, func() error {
		t, err = a.Keys.RevokeToken(ctx, id, a.Now())
		return err
	})
	return t, err
}
