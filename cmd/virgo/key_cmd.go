package main

import (
	"crypto/ed25519"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"virgo/cmd/internal/config"
	"virgo/cmd/internal/hostkey"
	"virgo/cmd/internal/link"
	"virgo/cmd/internal/run"
	"virgo/cmd/internal/term"
	"virgo/transport"
	"virgo/transport/agentkey"
)

type keyCmd struct {
	Show keyShowCmd `cmd:"" help:"Print the public key and the id of this host, and which endpoints have the key."`
}

type keyShowCmd struct{}

// Help returns the text below the summary in the help.
func (keyShowCmd) Help() string {
	return "Makes the key if there is none. Without a connection, the endpoint's owner registers it by hand: " +
		"virgo-endpoint agents add ID --key KEY."
}

type keyDocument struct {
	document
	AgentID string `json:"agent_id"`
	// Key is the public key (base64), Fingerprint the name by which people compare keys.
	Key         string        `json:"key"`
	Fingerprint string        `json:"fingerprint"`
	Endpoints   []keyEndpoint `json:"endpoints"`
	// Confirmed means that every configured endpoint has the key.
	Confirmed bool `json:"confirmed"`
	// TokenFile is the token that setup left; empty if there is none.
	TokenFile string `json:"token_file,omitempty"`
	Problem   string `json:"problem,omitempty"`
}

// A keyEndpoint says whether an endpoint has this host's key.
type keyEndpoint struct {
	Endpoint  string `json:"endpoint"`
	Confirmed bool   `json:"confirmed"`
	// Old means that it announced no keys when it was last reached.
	Old bool `json:"old,omitempty"`
}

func (keyShowCmd) Run(a *app) error {
	ag, _, err := a.OpenAgent()
	if err != nil {
		return err
	}
	if _, err := ag.Key(); err != nil { // makes it, and stores the id that it is for
		return err
	}
	key, err := hostkey.OwnChecked(a.Paths().State)
	if err != nil {
		return err
	}
	st, err := ag.State(a.Context)
	if err != nil {
		return err
	}
	doc := newKeyDocument(a, ag, st.Status, key.Public().(ed25519.PublicKey))
	if a.JSON {
		return a.printJSON(doc)
	}
	var t term.Table
	t.Row("agent", doc.AgentID)
	t.Row("key", doc.Key)
	t.Row("fingerprint", doc.Fingerprint)
	for _, e := range doc.Endpoints {
		t.Row("endpoint", e.Endpoint+": "+e.line())
	}
	if doc.Problem != "" {
		t.Row("problem", doc.Problem)
	}
	if doc.TokenFile != "" {
		t.Row("token", doc.TokenFile+", until every endpoint has the key")
	}
	if !doc.Confirmed {
		t.Row("by hand", "virgo-endpoint agents add ID --key KEY, with the two above")
	}
	return t.Write(a.Out, a.Color())
}

func newKeyDocument(a *app, ag *run.Agent, st link.Status, key ed25519.PublicKey) keyDocument {
	doc := keyDocument{
		document: document{schemaVersion}, AgentID: ag.ID, Key: agentkey.Encode(key),
		Fingerprint: agentkey.Fingerprint(key), Endpoints: keyEndpoints(&ag.Config, st, agentkey.Fingerprint(key)),
		Problem: st.KeyProblem,
	}
	doc.Confirmed = ag.AllConfirmed(st, doc.Fingerprint)
	if _, err := os.Lstat(hostkey.TokenPath(a.Paths().State)); err == nil {
		doc.TokenFile = hostkey.TokenPath(a.Paths().State)
	}
	return doc
}

// keyEndpoints lists the configured endpoints, and of an SRV name the targets that are known.
func keyEndpoints(cfg *link.Config, st link.Status, key string) []keyEndpoint {
	list := []keyEndpoint{}
	for _, endpoint := range cfg.Endpoints {
		names := []string{endpoint}
		for target := range st.Features {
			if strings.HasPrefix(target, endpoint+" (") {
				names = append(names, target)
			}
		}
		if len(names) > 1 {
			names = names[1:]
		}
		slices.Sort(names)
		for _, name := range names {
			features, known := st.Features[name]
			list = append(list, keyEndpoint{
				Endpoint: name, Confirmed: st.Confirmed[name] == key,
				Old: known && !slices.Contains(features, transport.FeatureAgentKey),
			})
		}
	}
	return list
}

func (e keyEndpoint) line() string {
	switch {
	case e.Confirmed:
		return "has this key"
	case e.Old:
		return "knows no keys, it gets the token"
	}
	return "has not confirmed this key yet"
}

// keyRows adds to the status what is known about this host's key; nothing where there is none.
func keyRows(t *term.Table, a *app, ag *run.Agent, cfg config.Config, st link.Status) {
	key, err := hostkey.Read(a.Paths().State)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		t.Cells(term.Cell{Text: "key"}, term.Cell{Text: err.Error(), Color: term.Bad})
		return
	}
	doc := newKeyDocument(a, ag, st, key.Public().(ed25519.PublicKey))
	switch {
	case len(ag.Endpoints) == 0:
		return
	case doc.Confirmed:
		t.Row("key", doc.Fingerprint+", which every endpoint has")
		if cfg.HasToken() {
			t.Row("token", "not needed any more; you may remove it from where you keep it")
		}
	default:
		for _, e := range doc.Endpoints {
			t.Row("key", doc.Fingerprint+": "+e.Endpoint+" "+e.line())
		}
		if doc.Problem != "" {
			t.Row("key", "not registered: "+doc.Problem)
		}
	}
	if st.Behind > 0 {
		t.Cells(term.Cell{Text: "sessions"}, term.Cell{Text: behindLine(a, st), Color: term.Bad})
	}
}

// behindLine says that an endpoint has seen later sessions than this host's.
func behindLine(a *app, st link.Status) string {
	times := term.Count(int(st.Behind), "time", "times")
	return times + " an endpoint had seen a later session of this id, the last " + ago(a.Now(), st.BehindMS) +
		": this host's state was restored, or another host has a copy of it"
}
