package main

import (
	"fmt"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/report"
	"virgo/cmd/virgo-endpoint/internal/watch"
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
	report.Token
	// Secret is set only where this call made it.
	Secret string `json:"token,omitempty"`
}

func entryOf(t *intake.Token, now time.Time) tokenEntry {
	return tokenEntry{Token: report.TokenOf(t, now)}
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
		{head: "AGENTS", drop: 3, optional: true}, {head: "SCOPES", drop: 4, optional: true}, {head: "GROUP", drop: 5, optional: true}, {head: used.name(), drop: 6},
		{head: created.name(), drop: 7}, {head: "LABEL", optional: true}}}
	for i := range list {
		token := &list[i]
		t.row(token.ID, token.State(now), token.Kinds.String(), usesLeft(token), expires.text(token.Expires), agentsOf(token),
			dash(strings.Join(token.Scopes, " ")), dash(token.Group), used.text(token.LastUsed), created.text(token.Created), dash(token.Label))
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
	var t intake.Token
	err = a.administer(st, func(ad *admin.Admin, by watch.Actor) error {
		t, err = ad.RevokeToken(a.ctx, by, c.ID)
		return err
	})
	if err != nil {
		return a.explain(err)
	}
	if a.JSON {
		return a.printJSON(tokenDocument{document: document{schemaVersion}, tokenEntry: entryOf(&t, a.now())})
	}
	return a.print(fmt.Appendf(nil, "revoked %s\n", shorttext.Sanitize(t.ID)))
}
