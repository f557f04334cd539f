package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"filippo.io/age"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/airgap"
	"virgo/cmd/internal/atomicfile"
	"virgo/cmd/internal/link"
	"virgo/cmd/internal/run"
	"virgo/cmd/internal/term"
	"virgo/schedule/shorttext"
	"virgo/spool/bundle"
	"virgo/transport/agentkey"
	"virgo/transport/receipt"
)

// flushFrom delivers bundles that other hosts exported.
type flushFrom struct {
	From      []string `sep:"none" placeholder:"FILE" help:"Deliver a bundle that another host exported (virgo spool export), instead of the results of this host; - is standard input."`
	More      []string `arg:"" optional:"" name:"file" help:"More bundles, after --from."`
	Identity  []string `sep:"none" placeholder:"FILE" help:"File with age keys (age-keygen), for encrypted bundles; may be repeated."`
	Receipt   string   `placeholder:"FILE" help:"File for the endpoint's receipt (default: the bundle's name and .receipt)."`
	AcceptKey bool     `help:"Accept an agent's new key, for this and later bundles."`
}

type flushFromDocument struct {
	document
	Bundles []bundleEntry `json:"bundles"`
}

// A bundleEntry says what became of one bundle.
type bundleEntry struct {
	File string `json:"file"`
	// Error says why it was not delivered completely; null if it was.
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
	// Refusals are the first refused results.
	Refusals []receipt.Refused `json:"refusals"`
	// Receipt is its file; null if the endpoint gave none. Confirmed is the number of results in it.
	Receipt   *string `json:"receipt"`
	Confirmed uint64  `json:"confirmed"`
	TookMS    int64   `json:"took_ms"`
}

// deliver delivers the bundles one after the other; after an error it continues with the next.
func (c *flushFrom) deliver(ctx context.Context, a *app, ag *run.Agent) error {
	files := append(append([]string{}, c.From...), c.More...)
	identities, err := c.check(files)
	if err != nil {
		return err
	}
	doc := flushFromDocument{document{schemaVersion}, []bundleEntry{}}
	var failed []error
	for _, file := range files {
		entry, err := c.deliverOne(ctx, a, ag, file, identities)
		a.ClearProgress()
		if err != nil {
			text := agent.OneLine(err.Error())
			entry.Error = &text
			failed = append(failed, err)
			if len(files) > 1 {
				a.PrintError(a.Err, err)
			}
		}
		doc.Bundles = append(doc.Bundles, entry)
		if err == nil && !a.JSON {
			a.showBundle(entry)
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
	case len(failed) == 0 && len(doc.Bundles) == len(files):
		return nil
	case a.Context.Err() != nil:
		return agent.WithHint(a.Context.Err(), fmt.Sprintf(
			"%d of %d bundles are delivered, repeat the command for the others", len(doc.Bundles)-len(failed), len(files),
		))
	case len(files) == 1:
		return failed[0]
	}
	missing := len(files) - len(doc.Bundles) + len(failed)
	return agent.WithCode(agent.ExitNotDelivered, fmt.Errorf("%d of %d bundles were not delivered", missing, len(files)))
}

// check checks the flags and reads the identities.
func (c *flushFrom) check(files []string) (identities []age.Identity, err error) {
	stdin := 0
	for _, f := range files {
		if f == stdStream {
			stdin++
		}
	}
	switch {
	case stdin > 1:
		return nil, agent.UsageError("standard input is given twice, but has one bundle")
	case c.Receipt != "" && len(files) > 1:
		return nil, agent.UsageError("--receipt is one file, but there are %d bundles", len(files))
	case stdin > 0 && c.Receipt == "":
		err := errors.New("a bundle from standard input needs a file for its receipt")
		return nil, agent.WithCode(agent.ExitUsage, agent.WithHint(err, "--receipt FILE"))
	}
	for _, file := range c.Identity {
		list, err := readIdentities(file)
		if err != nil {
			return nil, agent.WithCode(agent.ExitUsage, err)
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
		return nil, agent.WithHint(fmt.Errorf("identity file %q: %w", file, err), "age-keygen -o FILE creates one")
	}
	return list, nil
}

// deliverOne verifies and delivers one bundle, and writes its receipt.
func (c *flushFrom) deliverOne(
	ctx context.Context, a *app, ag *run.Agent, file string, identities []age.Identity,
) (entry bundleEntry, err error) {
	entry = bundleEntry{File: file, Refusals: []receipt.Refused{}}
	src, size, err := a.bundleSource(file)
	if err != nil {
		return entry, err
	}
	defer src.Close()
	b, err := bundle.Open(src, size, bundle.ReaderOptions{Identities: identities})
	if err != nil {
		return entry, agent.WithCode(agent.ExitNotDelivered, fmt.Errorf("bundle %q: %w", file, err))
	}
	h := b.Header()
	entry.AgentID, entry.AgentName, entry.Bundle, entry.Key = h.Agent, h.Name, h.ID, agentkey.Fingerprint(h.Key)
	entry.CreatedMS, entry.Results = h.Created.UnixMilli(), b.Count()
	if err := airgap.CheckKey(ctx, ag.Spool, h, c.AcceptKey); err != nil {
		var other *airgap.KeyError
		if errors.As(err, &other) {
			return entry, agent.WithCode(agent.ExitNotDelivered, fmt.Errorf("bundle %q: %w", file, err))
		}
		return entry, err
	}
	done, err := airgap.Deliver(ctx, &ag.Config, b)
	entry.Endpoint, entry.TookMS = done.Endpoint, done.Took.Milliseconds()
	entry.Delivered, entry.Refused = done.Delivered, done.Refused
	entry.Refusals = append(entry.Refusals, done.Refusals...)
	if err != nil {
		var configError *link.ConfigError
		if errors.As(err, &configError) {
			return entry, err
		}
		err = fmt.Errorf("bundle %q: %d of %d results delivered: %w", file, done.Delivered, b.Count(), err)
		return entry, agent.WithCode(agent.ExitNotDelivered, err)
	}
	if !done.HasReceipts || len(done.Receipts) == 0 {
		return entry, nil
	}
	name := c.Receipt
	if name == "" {
		name = file + ".receipt"
	}
	if err := writeReceipts(name, done.Receipts); err != nil {
		return entry, agent.WithHint(
			fmt.Errorf("the bundle was delivered, but its receipt could not be stored: %w", err),
			"repeat the command to get another receipt; --receipt FILE writes it elsewhere",
		)
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

// showBundle prints what became of a bundle.
func (a *app) showBundle(e bundleEntry) {
	took := term.Age((time.Duration(e.TookMS) * time.Millisecond).Round(time.Millisecond))
	agent := shorttext.Sanitize(e.AgentID)
	fmt.Fprintf(a.Out, "%s of agent %s delivered to %s in %s\n", term.Count(e.Delivered, "result", "results"), agent, e.Endpoint, took)
	for _, r := range e.Refusals {
		message := shorttext.Sanitize(shorttext.Shorten(r.Message, 200))
		fmt.Fprintf(a.Out, "refused: %s: %d: %s\n", shorttext.Sanitize(r.ID), r.Code, message)
	}
	if more := e.Refused - len(e.Refusals); more > 0 {
		fmt.Fprintf(a.Out, "refused: %d more\n", more)
	}
	switch {
	case e.Receipt != nil:
		fmt.Fprintf(a.Out, "receipt for %d of %d results: %s (on the other host: virgo spool import-receipt)\n",
			e.Confirmed, e.Results, *e.Receipt)
	case e.Results > 0:
		fmt.Fprintln(a.Out, "no receipt: this endpoint gives none; the results stay on the other host until they are dropped there")
	}
}
