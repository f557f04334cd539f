package report

import (
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// A Token is a token in a document, without its secret.
type Token struct {
	ID    string   `json:"id" doc:"What a person calls it by; not secret."`
	Label string   `json:"label" doc:"A person's note."`
	Kinds []string `json:"kinds" nullable:"false" doc:"What it is for: enrol, legacy, relay, read, admin."`
	State string   `json:"state" doc:"valid, used up, expired or revoked."`
	Group string   `json:"group" doc:"Group of the agents that it enrols."`
	// Uses is how many hosts it may enrol, UsesLeft how many are left; null where they are not counted.
	Uses     *int   `json:"uses" doc:"How many hosts it may enrol; null where they are not counted."`
	UsesLeft *int   `json:"uses_left" doc:"How many of them are left."`
	Expires  *int64 `json:"expires_ms" doc:"When it ends; null: never."`
	// AgentIDs are the agents that it is for; with KnownBefore also those that were known before this
	// version had keys. Without either it is for any.
	AgentIDs    []string `json:"agent_ids" nullable:"false" doc:"The agents that it is for; empty: any."`
	KnownBefore bool     `json:"known_before" doc:"It is for agents that were known before there were keys, too."`
	Scopes      []string `json:"scopes" nullable:"false" doc:"Of kind admin: what it may do."`
	Created     *int64   `json:"created_ms" doc:"When it was made."`
	LastUsed    *int64   `json:"last_used_ms" doc:"When it was used last; null: never."`
	Revoked     *int64   `json:"revoked_ms" doc:"When it was revoked; null: it was not."`
}

// TokenOf is a token's document.
func TokenOf(t *intake.Token, now time.Time) Token {
	out := Token{ID: t.ID, Label: t.Label, Kinds: append([]string{}, t.Kinds.Names()...), State: t.State(now), Group: t.Group,
		Expires: MS(t.Expires), AgentIDs: append([]string{}, t.AgentIDs...), KnownBefore: t.KnownAgents,
		Scopes: append([]string{}, t.Scopes...), Created: MS(t.Created), LastUsed: MS(t.LastUsed), Revoked: MS(t.Revoked)}
	if t.Uses != 0 {
		uses, left := t.Uses, t.UsesLeft
		out.Uses, out.UsesLeft = &uses, &left
	}
	return out
}
