package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"filippo.io/age"

	"virgo/cmd/virgo/internal/agent"
	"virgo/cmd/virgo/internal/atomicfile"
	"virgo/cmd/virgo/internal/term"
	"virgo/spool/bundle"
	"virgo/transport/receipt"
)

// flushFrom is the part of flush that delivers what another host's virgo exported.
type flushFrom struct {
	From      []string `sep:"none" placeholder:"FILE" help:"Deliver bundles that virgo spool export made on another host, in place of what waits here; - is standard input."`
	More      []string `arg:"" optional:"" name:"file" help:"More bundles, after --from."`
	Identity  []string `sep:"none" placeholder:"FILE" help:"File of age keys (age-keygen), for bundles that are encrypted; may be given several times."`
	Receipt   string   `placeholder:"FILE" help:"Where the endpoint's receipt goes; default: beside the bundle, as its name and .receipt."`
	AcceptKey bool     `help:"Take a bundle of an agent whose key is another one than before, and its key from now on."`
}

type carryDocument struct {
	document
	Bundles []carriedEntry `json:"bundles"`
}

// A carriedEntry is one bundle that was to be delivered.
type carriedEntry struct {
	File string `json:"file"`
	// Error is why it was not delivered, or not to its end; null where all went well.
	Error     *string `json:"error"`
	AgentID   string  `json:"agent_id,omitempty"`
	AgentName string  `json:"agent_name,omitempty"`
	Bundle    string  `json:"bundle,omitempty"`
	Key       string  `json:"key,omitempty"`
	CreatedMS int64   `json:"created_ms,omitempty"`
	Results   uint64  `json:"results"`
	Endpoint  string  `json:"endpoint,omitempty"`
	Delivered int     `json:"delivered"`
	Refused   int     `json:"refused"`
	// Refusals are the first of the refused results.
	Refusals []receipt.Refused `json:"refusals"`
	// Receipt is the file that has it; null where the endpoint gave none. Confirmed is how many results it names.
	Receipt   *string `json:"receipt"`
	Confirmed uint64  `json:"confirmed"`
	TookMS    int64   `json:"took_ms"`
}

// carry delivers the bundles, one after the other: one that fails keeps none of the others.
func (c *flushFrom) carry(ctx context.Context, a *app, ag *agent.Agent) error {
	files := append(append([]string{}, c.From...), c.More...)
	identities, err := c.check(files)
	if err != nil {
		return err
	}
	doc := carryDocument{document{schemaVersion}, []carriedEntry{}}
	var failed []error
	for _, file := range files {
		entry, err := c.one(ctx, a, ag, file, identities)
		if err != nil {
			text := oneLine(err.Error())
			entry.Error = &text
			failed = append(failed, err)
			if len(files) > 1 {
				printError(a.err, err)
			}
		}
		doc.Bundles = append(doc.Bundles, entry)
		if err == nil && !a.JSON {
			a.sayCarried(entry)
		}
		if ctx.Err() != nil {
			break
		}
	}
	if a.JSON {
		if err := a.printJSON(doc); err != nil {
			return err
		}
	}
	switch {
	case len(failed) == 0:
		return nil
	case len(files) == 1:
		return failed[0]
	}
	undone := len(files) - len(doc.Bundles) + len(failed)
	return &exitError{exitNotDelivered, fmt.Errorf("%d of %d bundles were not delivered", undone, len(files))}
}

// check looks at what was asked for.
func (c *flushFrom) check(files []string) (identities []age.Identity, err error) {
	stdin := 0
	for _, f := range files {
		if f == stdStream {
			stdin++
		}
	}
	switch {
	case stdin > 1:
		return nil, usageError("standard input is one bundle, and it is named twice")
	case c.Receipt != "" && len(files) > 1:
		return nil, usageError("--receipt names one file, and there are %d bundles", len(files))
	case stdin > 0 && c.Receipt == "":
		return nil, &exitError{exitUsage, withHint{errors.New("a bundle of standard input has no name for its receipt"), "--receipt FILE"}}
	}
	for _, file := range c.Identity {
		list, err := readIdentities(file)
		if err != nil {
			return nil, &exitError{exitUsage, err}
		}
		identities = append(identities, list...)
	}
	return identities, nil
}

func readIdentities(file string) ([]age.Identity, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	list, err := bundle.ParseIdentities(f)
	if err != nil {
		return nil, withHint{fmt.Errorf("identity file %q: %w", file, err), "age-keygen -o FILE makes one"}
	}
	return list, nil
}

// one verifies and delivers one bundle, and writes its receipt.
func (c *flushFrom) one(ctx context.Context, a *app, ag *agent.Agent, file string, identities []age.Identity) (entry carriedEntry, err error) {
	entry = carriedEntry{File: file, Refusals: []receipt.Refused{}}
	src, size, err := a.bundleSource(file)
	if err != nil {
		return entry, err
	}
	defer src.Close()
	b, err := bundle.Open(src, size, bundle.ReaderOptions{Identities: identities})
	if err != nil {
		return entry, &exitError{exitNotDelivered, fmt.Errorf("bundle %q: %w", file, err)}
	}
	h := b.Header()
	entry.AgentID, entry.AgentName, entry.Bundle, entry.Key = h.Agent, h.Name, h.ID, agent.KeyName(h.Key)
	entry.CreatedMS, entry.Results = h.Created.UnixMilli(), b.Count()
	if err := ag.KnowKey(ctx, h, c.AcceptKey); err != nil {
		var other *agent.KeyError
		if errors.As(err, &other) {
			return entry, &exitError{exitNotDelivered, fmt.Errorf("bundle %q: %w", file, err)}
		}
		return entry, err
	}
	done, err := ag.Carry(ctx, b)
	entry.Endpoint, entry.Delivered, entry.Refused, entry.TookMS = done.Endpoint, done.Delivered, done.Refused, done.Took.Milliseconds()
	entry.Refusals = append(entry.Refusals, done.Refusals...)
	if err != nil {
		var owners *agent.ConfigError
		if errors.As(err, &owners) {
			return entry, err
		}
		return entry, &exitError{exitNotDelivered, fmt.Errorf("bundle %q: %d of %d results delivered: %w", file, done.Delivered, b.Count(), err)}
	}
	if !done.HasReceipts || len(done.Receipts) == 0 {
		return entry, nil
	}
	name := c.Receipt
	if name == "" {
		name = file + ".receipt"
	}
	if err := writeReceipts(name, done.Receipts); err != nil {
		return entry, withHint{fmt.Errorf("all was delivered, and the receipt is lost: %w", err), "the same command again gets another, and stores nothing twice; --receipt FILE names another place"}
	}
	entry.Receipt, entry.Confirmed = &name, done.Confirmed
	return entry, nil
}

func writeReceipts(name string, docs [][]byte) error {
	f, err := atomicfile.Create(name)
	if err != nil {
		return err
	}
	defer f.Discard()
	for _, doc := range docs {
		if _, err := f.Write(append(doc, '\n')); err != nil {
			return fmt.Errorf("write %q: %w", name, err)
		}
	}
	return f.Replace()
}

// sayCarried tells a person what became of a bundle.
func (a *app) sayCarried(e carriedEntry) {
	took := term.Age((time.Duration(e.TookMS) * time.Millisecond).Round(time.Millisecond))
	fmt.Fprintf(a.out, "%d results of agent %s delivered to %s in %s\n", e.Delivered, e.AgentID, e.Endpoint, took)
	for _, r := range e.Refusals {
		fmt.Fprintf(a.out, "refused: %s: %d: %s\n", r.ID, r.Code, shorten(r.Message, 200))
	}
	if more := e.Refused - len(e.Refusals); more > 0 {
		fmt.Fprintf(a.out, "refused: %d more\n", more)
	}
	switch {
	case e.Receipt != nil:
		fmt.Fprintf(a.out, "receipt for %d of %d results: %s (there: virgo spool import-receipt)\n", e.Confirmed, e.Results, *e.Receipt)
	case e.Results > 0:
		fmt.Fprintln(a.out, "no receipt: this endpoint gives none; the results wait on where they were made, until they are dropped there")
	}
}
