package main

import (
	"fmt"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/schedule/shorttext"
)

type tokenCmd struct {
	Add    tokenAddCmd    `cmd:"" help:"Create a token; it is printed only once."`
	List   tokenListCmd   `cmd:"" help:"List the tokens, without their secrets."`
	Remove tokenRemoveCmd `cmd:"" aliases:"revoke" help:"Revoke a token, also for a running server."`
}

type tokenListCmd struct{}

func (tokenListCmd) Help() string {
	return "STATE: valid, used up, expired, revoked. LEFT is how many hosts may still enrol with it. " +
		"A token without AGENTS enrols hosts of any id. \"known before\" are the agents that were known before this version had keys: " +
		"tokens of that time are for them, and for no others."
}

type tokenRemoveCmd struct {
	ID string `arg:"" help:"The token's id, see token list."`
}

func (tokenRemoveCmd) Help() string {
	return "Nobody enrols with it any more, and sessions of agents that have no key but this token end with their next request. " +
		"Agents that it enrolled keep their keys; agents revoke ends theirs."
}

// A tokenEntry is a token in a document.
type tokenEntry struct {
	ID    string   `json:"id"`
	Label string   `json:"label"`
	Kinds []string `json:"kinds"`
	State string   `json:"state"`
	Group string   `json:"group"`
	// Uses is how many hosts it may enrol, UsesLeft how many are left; null where they are not counted.
	Uses     *int   `json:"uses"`
	UsesLeft *int   `json:"uses_left"`
	Expires  *int64 `json:"expires_ms"`
	// AgentIDs are the agents that it is for; with KnownBefore also those that were known before this
	// version had keys. Without either it is for any.
	AgentIDs    []string `json:"agent_ids"`
	KnownBefore bool     `json:"known_before"`
	Created     *int64   `json:"created_ms"`
	LastUsed    *int64   `json:"last_used_ms"`
	Revoked     *int64   `json:"revoked_ms"`
	// Token is set only where this call made it.
	Token string `json:"token,omitempty"`
}

type tokenDocument struct {
	document
	tokenEntry
	// Setup is the command for a host that is to enrol with the token, without the token; empty where
	// the token enrols none.
	Setup string `json:"setup,omitempty"`
}

type tokensDocument struct {
	document
	Tokens []tokenEntry `json:"tokens"`
}

func entryOf(t *intake.Token, now time.Time) tokenEntry {
	e := tokenEntry{ID: t.ID, Label: t.Label, Kinds: t.Kinds.Names(), State: t.State(now), Group: t.Group,
		Expires: ms(t.Expires), AgentIDs: orEmpty(t.AgentIDs), KnownBefore: t.KnownAgents,
		Created: ms(t.Created), LastUsed: ms(t.LastUsed), Revoked: ms(t.Revoked)}
	if t.Uses != 0 {
		e.Uses, e.UsesLeft = &t.Uses, &t.UsesLeft
	}
	return e
}

func (tokenListCmd) Run(a *app) error {
	st, err := a.store()
	if err != nil {
		return err
	}
	defer st.Close()
	list, err := st.Tokens(a.ctx)
	if err != nil {
		return a.explain(err)
	}
	now := a.now()
	if a.JSON {
		doc := tokensDocument{document{schemaVersion}, []tokenEntry{}}
		for i := range list {
			doc.Tokens = append(doc.Tokens, entryOf(&list[i], now))
		}
		return a.printJSON(doc)
	}
	created, used, expires := momentColumn{head: "CREATED"}, momentColumn{head: "LAST USED"}, momentColumn{head: "EXPIRES"}
	for i := range list {
		created.add(list[i].Created)
		used.add(list[i].LastUsed)
		expires.add(list[i].Expires)
	}
	t := table{columns: []column{{head: "ID"}, {head: "STATE"}, {head: "KIND"}, {head: "LEFT", drop: 4}, {head: expires.name(), drop: 2},
		{head: "AGENTS", drop: 3, optional: true}, {head: "GROUP", drop: 5, optional: true}, {head: used.name(), drop: 6},
		{head: created.name(), drop: 7}, {head: "LABEL", optional: true}}}
	for i := range list {
		token := &list[i]
		t.row(token.ID, token.State(now), token.Kinds.String(), usesLeft(token), expires.text(token.Expires), agentsOf(token),
			dash(token.Group), used.text(token.LastUsed), created.text(token.Created), dash(token.Label))
	}
	return a.printTable(&t)
}

func usesLeft(t *intake.Token) string {
	if t.Uses == 0 {
		return "-"
	}
	return fmt.Sprintf("%d of %d", t.UsesLeft, t.Uses)
}

// agentsOf describes which agents a token is for.
func agentsOf(t *intake.Token) string {
	const shown = 3
	list := t.AgentIDs
	if t.KnownAgents {
		list = append([]string{"known before"}, list...)
	}
	if len(list) > shown {
		return fmt.Sprintf("%s +%d", strings.Join(list[:shown], ", "), len(list)-shown)
	}
	return dash(strings.Join(list, ", "))
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func (c *tokenRemoveCmd) Run(a *app) error {
	st, err := a.store()
	if err != nil {
		return err
	}
	defer st.Close()
	t, err := st.RevokeToken(a.ctx, c.ID, a.now())
	if err != nil {
		return a.explain(err)
	}
	if a.JSON {
		return a.printJSON(tokenDocument{document: document{schemaVersion}, tokenEntry: entryOf(&t, a.now())})
	}
	return a.print(fmt.Appendf(nil, "revoked %s\n", shorttext.Sanitize(t.ID)))
}
