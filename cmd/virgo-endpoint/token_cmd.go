package main

import (
	"fmt"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

type tokenCmd struct {
	Add    tokenAddCmd    `cmd:"" help:"Create a token; it is printed only once."`
	List   tokenListCmd   `cmd:"" help:"List the tokens, without their secrets."`
	Revoke tokenRevokeCmd `cmd:"" help:"Revoke a token, also for a running server."`
}

type tokenAddCmd struct {
	Label string `placeholder:"TEXT" help:"A label, for example the host's name."`
}

type tokenListCmd struct{}

type tokenRevokeCmd struct {
	ID string `arg:"" help:"The token's id, see token list."`
}

// A tokenEntry is a token in a document.
type tokenEntry struct {
	ID       string `json:"id"`
	Label    string `json:"label"`
	Created  *int64 `json:"created_ms"`
	LastUsed *int64 `json:"last_used_ms"`
	Revoked  *int64 `json:"revoked_ms"`
	// Token is set only where this call made it.
	Token string `json:"token,omitempty"`
}

type tokenDocument struct {
	document
	tokenEntry
}

type tokensDocument struct {
	document
	Tokens []tokenEntry `json:"tokens"`
}

func entryOf(t intake.Token) tokenEntry {
	return tokenEntry{ID: t.ID, Label: t.Label, Created: ms(t.Created), LastUsed: ms(t.LastUsed),
		Revoked: ms(t.Revoked)}
}

func (c *tokenAddCmd) Run(a *app) error {
	st, err := a.store()
	if err != nil {
		return err
	}
	defer st.Close()
	secret, t, err := st.AddToken(a.ctx, c.Label, a.now())
	if err != nil {
		return a.explain(err)
	}
	if a.JSON {
		doc := tokenDocument{document{schemaVersion}, entryOf(t)}
		doc.Token = secret
		return a.printJSON(doc)
	}
	return a.print(fmt.Appendf(nil, "token  %s\nid     %s\n(the token is printed only once)\n", secret, t.ID))
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
	if a.JSON {
		doc := tokensDocument{document{schemaVersion}, []tokenEntry{}}
		for _, t := range list {
			doc.Tokens = append(doc.Tokens, entryOf(t))
		}
		return a.printJSON(doc)
	}
	var t table
	t.row("ID", "CREATED", "LAST USED", "STATE", "LABEL")
	for _, token := range list {
		state := "valid"
		if !token.Revoked.IsZero() {
			state = "revoked"
		}
		t.row(token.ID, moment(token.Created), moment(token.LastUsed), state, token.Label)
	}
	return a.print(t.text())
}

func (c *tokenRevokeCmd) Run(a *app) error {
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
		return a.printJSON(tokenDocument{document{schemaVersion}, entryOf(t)})
	}
	return a.print(fmt.Appendf(nil, "revoked %s\n", t.ID))
}
