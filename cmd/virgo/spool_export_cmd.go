package main

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"filippo.io/age"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/airgap"
	"virgo/cmd/internal/atomicfile"
	"virgo/cmd/internal/hostkey"
	"virgo/cmd/internal/run"
	"virgo/cmd/internal/term"
	"virgo/spool/bundle"
	"virgo/transport/agentkey"
)

// stdStream is the FILE argument for standard input or output.
const stdStream = "-"

type spoolExportCmd struct {
	File      string   `arg:"" help:"File for the bundle; - is standard output."`
	Recipient []string `sep:"none" placeholder:"age1…" help:"Encrypt the bundle for the owner of this age key; may be repeated."`
	Force     bool     `help:"Overwrite FILE. Its results may no longer be in the spool."`
}

// Help returns the text below the summary in the help.
func (spoolExportCmd) Help() string {
	return "Writes the waiting results to a signed file. A host that reaches the endpoint delivers it (virgo flush --from " +
		"FILE), or the endpoint itself imports it (virgo-endpoint import FILE). The results stay in the spool until you " +
		"import the receipt (virgo spool import-receipt FILE.receipt) or they are delivered from here; the endpoint " +
		"stores each result once."
}

type exportDocument struct {
	document
	File       string `json:"file"`
	Bundle     string `json:"bundle"`
	AgentID    string `json:"agent_id"`
	Key        string `json:"key"`
	Results    int    `json:"results"`
	FirstOrder uint64 `json:"first_order,omitempty"`
	LastOrder  uint64 `json:"last_order,omitempty"`
	OldestMS   int64  `json:"oldest_ms,omitempty"`
	NewestMS   int64  `json:"newest_ms,omitempty"`
	Bytes      int64  `json:"bytes"`
	Encrypted  bool   `json:"encrypted"`
	// Others is the number of waiting results of other agent ids, which are not in it.
	Others int `json:"others"`
}

func (c *spoolExportCmd) Run(a *app) error {
	recipients, err := c.check(a)
	if err != nil {
		return err
	}
	ag, _, err := a.OpenAgent()
	if err != nil {
		return err
	}
	key, err := hostkey.OwnChecked(a.Paths().State)
	if err != nil {
		return err
	}
	if term.IsTerminal(a.Err) && !a.JSON {
		ag.Progress = a.Progress("exported")
	}
	e, size, err := c.write(a, ag, key, recipients)
	a.ClearProgress()
	if err != nil {
		return fmt.Errorf("export to %q: %w", c.File, err)
	}
	if err := airgap.NoteExport(a.Context, ag.Spool, e); err != nil {
		a.Notice("the bundle is complete, but `virgo spool status` will not show it: %v", err)
	}
	name := agentkey.Fingerprint(key.Public().(ed25519.PublicKey))
	if a.JSON {
		doc := exportDocument{
			document: document{schemaVersion}, File: c.File, Bundle: e.Bundle, AgentID: ag.ID, Key: name,
			Results: e.Results, FirstOrder: e.First, LastOrder: e.Last, Bytes: size, Encrypted: len(recipients) > 0, Others: e.Others,
		}
		if e.Results > 0 {
			doc.OldestMS, doc.NewestMS = e.Oldest.UnixMilli(), e.Newest.UnixMilli()
		}
		return a.printJSON(doc)
	}
	out := a.Out
	if c.File == stdStream {
		out = a.Err
	}
	fmt.Fprintf(out, "%s in bundle %s, %s, key %s\n", term.Count(e.Results, "result", "results"), e.Bundle, term.Bytes(float64(size)), name)
	if e.Others > 0 {
		a.Notice("%d waiting results of other agent ids are not in it; VIRGO_AGENT_ID=ID exports those of one", e.Others)
	}
	return nil
}

// check checks the flags before anything is opened or created.
func (c *spoolExportCmd) check(a *app) (recipients []age.Recipient, err error) {
	for _, text := range c.Recipient {
		r, err := bundle.ParseRecipient(text)
		if err != nil {
			return nil, agent.WithCode(agent.ExitUsage, agent.WithHint(err, "age-keygen -o FILE creates a key and prints its recipient"))
		}
		recipients = append(recipients, r)
	}
	if c.File != stdStream {
		if _, err := os.Lstat(c.File); err == nil && !c.Force {
			return nil, c.exists()
		}
		return recipients, nil
	}
	switch {
	case a.JSON:
		return nil, agent.WithCode(agent.ExitUsage, agent.WithHint(
			errors.New("--json and the bundle cannot both go to standard output"), "give a FILE",
		))
	case term.IsTerminal(a.Out):
		return nil, agent.WithCode(agent.ExitUsage, agent.WithHint(
			errors.New("a bundle is binary and not written to a terminal"), "give a FILE, or redirect standard output",
		))
	}
	return recipients, nil
}

func (c *spoolExportCmd) exists() error {
	return agent.WithCode(agent.ExitUsage, agent.WithHint(
		fmt.Errorf("%q already exists and may contain results that are no longer in the spool", c.File),
		"give another FILE, or --force if that one was delivered",
	))
}

// write also returns the size of the bundle.
func (c *spoolExportCmd) write(
	a *app, ag *run.Agent, key ed25519.PrivateKey, recipients []age.Recipient,
) (e airgap.Exported, size int64, err error) {
	if c.File == stdStream {
		out := &counted{w: a.Out}
		e, err = airgap.Export(a.Context, &ag.Config, out, key, recipients)
		return e, out.n, err
	}
	f, err := atomicfile.Create(c.File)
	if err != nil {
		return e, 0, err
	}
	defer f.Discard()
	out := &counted{w: f}
	if e, err = airgap.Export(a.Context, &ag.Config, out, key, recipients); err != nil {
		return e, 0, err
	}
	if c.Force {
		return e, out.n, f.Replace()
	}
	if err = f.Place(); errors.Is(err, fs.ErrExist) {
		err = c.exists()
	}
	return e, out.n, err
}
