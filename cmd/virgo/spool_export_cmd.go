package main

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"filippo.io/age"

	"virgo/cmd/virgo/internal/agent"
	"virgo/cmd/virgo/internal/atomicfile"
	"virgo/cmd/virgo/internal/term"
	"virgo/spool/bundle"
)

// stdStream is the FILE that is standard input or output.
const stdStream = "-"

type spoolExportCmd struct {
	File      string   `arg:"" help:"Where the bundle goes; - is standard output."`
	Recipient []string `sep:"none" placeholder:"age1…" help:"Encrypt it, so that only the owner of this age key can read it; may be given several times."`
	Force     bool     `help:"Replace FILE where it is there. What it holds may have been dropped here since."`
}

// Help is the command's own part of its help.
func (spoolExportCmd) Help() string {
	return "Writes what waits into one sealed file, to be carried to a host that reaches the endpoint (virgo flush --from FILE) or to the endpoint itself " +
		"(virgo-endpoint import FILE). The results wait on here until the receipt from there is imported (virgo spool import-receipt FILE.receipt) or they are delivered some other way; " +
		"whichever comes first, the endpoint stores each once."
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
	// Others wait under the ids of other agents and are not in it.
	Others int `json:"others"`
}

func (c *spoolExportCmd) Run(a *app) error {
	recipients, err := c.check(a)
	if err != nil {
		return err
	}
	ag, _, err := a.agent()
	if err != nil {
		return err
	}
	key, err := agent.OwnKey(a.paths().State)
	if err != nil {
		return err
	}
	if term.IsTerminal(a.err) && !a.JSON {
		ag.Progress = a.progressOf("exported")
	}
	e, size, err := c.write(a, ag, key, recipients)
	if err != nil {
		return fmt.Errorf("export to %q: %w", c.File, err)
	}
	if err := ag.NoteExport(a.ctx, e); err != nil {
		a.notice("the bundle is whole, and that it was made could not be kept: %v", err)
	}
	name := agent.KeyName(key.Public().(ed25519.PublicKey))
	if a.JSON {
		doc := exportDocument{
			document: document{schemaVersion}, File: c.File, Bundle: e.Bundle, AgentID: ag.ID, Key: name, Results: e.Results,
			FirstOrder: e.First, LastOrder: e.Last, Bytes: size, Encrypted: len(recipients) > 0, Others: e.Others,
		}
		if e.Results > 0 {
			doc.OldestMS, doc.NewestMS = e.Oldest.UnixMilli(), e.Newest.UnixMilli()
		}
		return a.printJSON(doc)
	}
	out := a.out
	if c.File == stdStream {
		out = a.err
	}
	fmt.Fprintf(out, "%d results in bundle %s, %s, key %s\n", e.Results, e.Bundle, term.Bytes(float64(size)), name)
	if e.Others > 0 {
		a.notice("%d results wait under other agents' ids and are not in it: VIRGO_AGENT_ID=… exports those of one", e.Others)
	}
	return nil
}

// check looks at what was asked for before anything is opened or made.
func (c *spoolExportCmd) check(a *app) (recipients []age.Recipient, err error) {
	for _, text := range c.Recipient {
		r, err := bundle.ParseRecipient(text)
		if err != nil {
			return nil, &exitError{exitUsage, withHint{err, "age-keygen -o FILE makes a key and shows its recipient"}}
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
		return nil, &exitError{exitUsage, withHint{errors.New("--json and the bundle both want standard output"), "name a FILE"}}
	case term.IsTerminal(a.out):
		return nil, &exitError{exitUsage, withHint{errors.New("a bundle is nothing for a terminal"), "name a FILE, or lead standard output into one"}}
	}
	return recipients, nil
}

func (c *spoolExportCmd) exists() error {
	return &exitError{exitUsage, withHint{
		fmt.Errorf("%q is there already, and may hold results that are nowhere else any more", c.File), "name another FILE, or --force where that one arrived",
	}}
}

// write gives the bundle's size too.
func (c *spoolExportCmd) write(a *app, ag *agent.Agent, key ed25519.PrivateKey, recipients []age.Recipient) (e agent.Export, size int64, err error) {
	if c.File == stdStream {
		out := &counted{w: a.out}
		e, err = ag.Export(a.ctx, out, key, recipients)
		return e, out.n, err
	}
	f, err := atomicfile.Create(c.File)
	if err != nil {
		return e, 0, err
	}
	defer f.Discard()
	out := &counted{w: f}
	if e, err = ag.Export(a.ctx, out, key, recipients); err != nil {
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
