package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/airgap"
	"virgo/cmd/internal/config"
	"virgo/cmd/internal/term"
	"virgo/transport/receipt"
)

type spoolImportReceiptCmd struct {
	Files []string `arg:"" name:"file" help:"Receipt of an endpoint; - is standard input."`
	CA    string   `name:"ca" placeholder:"FILE" help:"CA certificates to verify the signature, instead of the configured ones."`
	Pin   []string `placeholder:"sha256:…" help:"SHA-256 of the endpoint's public key, instead of the configured pins; may be repeated."`
}

// Help returns the text below the summary in the help.
func (spoolImportReceiptCmd) Help() string {
	return "Deletes the results that the endpoint confirmed, and moves those that it refused to the refused ones. The " +
		"receipt must be signed by the endpoint that this host would deliver to, which is verified by pin, CA file, or " +
		"name and the system's certificates. Importing a receipt again is safe."
}

type receiptDocument struct {
	document
	Cleared  int            `json:"cleared"`
	Refused  int            `json:"refused"`
	Waiting  uint64         `json:"waiting"`
	Receipts []receiptEntry `json:"receipts"`
}

// A receiptEntry is a file of receipts.
type receiptEntry struct {
	File     string `json:"file"`
	Endpoint string `json:"endpoint"`
	Bundle   string `json:"bundle"`
	IssuedMS int64  `json:"issued_ms"`
	Cleared  int    `json:"cleared"`
	Refused  int    `json:"refused"`
}

func (c *spoolImportReceiptCmd) Run(a *app) error {
	ag, cfg, err := a.OpenAgent()
	if err != nil {
		return err
	}
	trusts := c.trust(cfg)
	doc := receiptDocument{document: document{schemaVersion}, Receipts: []receiptEntry{}}
	// All are verified before the first one deletes anything.
	opened := make([][]receipt.Receipt, len(c.Files))
	for i, file := range c.Files {
		if opened[i], err = c.open(a, file, trusts); err != nil {
			return agent.WithCode(agent.ExitUsage, fmt.Errorf("receipt %q: %w", file, err))
		}
		for _, r := range opened[i] {
			if r.Agent != ag.ID {
				return agent.WithCode(agent.ExitUsage, fmt.Errorf("receipt %q: %w", file, &airgap.ForeignError{Agent: r.Agent, Here: ag.ID}))
			}
		}
	}
	for i, list := range opened {
		done, err := airgap.ClearReceipts(a.Context, &ag.Config, list)
		doc.Cleared, doc.Refused, doc.Waiting = doc.Cleared+done.Delivered, doc.Refused+done.Refused, done.Waiting
		if err != nil {
			return fmt.Errorf("receipt %q: after %s deleted: %w", c.Files[i], term.Count(doc.Cleared, "result was", "results were"), err)
		}
		first := list[0]
		doc.Receipts = append(doc.Receipts, receiptEntry{
			c.Files[i], first.Endpoint, first.Bundle, first.IssuedMS, done.Delivered, done.Refused,
		})
	}
	if a.JSON {
		return a.printJSON(doc)
	}
	text := fmt.Sprintf("%s deleted, %d still wait", term.Count(doc.Cleared, "result", "results"), doc.Waiting)
	if doc.Refused > 0 {
		text += fmt.Sprintf(", %d refused (virgo spool list --rejected)", doc.Refused)
	}
	_, err = fmt.Fprintln(a.Out, text)
	return err
}

// open reads and verifies the receipts in a file.
func (c *spoolImportReceiptCmd) open(a *app, file string, trusts []receipt.Trust) ([]receipt.Receipt, error) {
	in := a.In
	if file != stdStream {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	var list []receipt.Receipt
	for doc, err := range receipt.Documents(in) {
		if err != nil {
			return nil, err
		}
		r, err := verify(doc, trusts, a)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: it is empty", receipt.ErrNotReceipt)
	}
	return list, nil
}

// verify opens a receipt that is signed by any of the trusted endpoints.
func verify(doc []byte, trusts []receipt.Trust, a *app) (r receipt.Receipt, err error) {
	var first error
	for _, t := range trusts {
		if r, err = receipt.Open(doc, t, a.Now()); err == nil {
			return r, nil
		}
		if !errors.Is(err, receipt.ErrUntrusted) {
			return r, err
		}
		if first == nil {
			first = err
		}
	}
	return r, first
}

// trust returns the endpoints that this host would deliver to, one entry for each name.
func (c *spoolImportReceiptCmd) trust(cfg config.Config) []receipt.Trust {
	t := receipt.Trust{
		CAFile: cfg.CAFile, Pins: append(append([]string{}, cfg.Pins...), cfg.BackupPins...),
		ServerName: cfg.ServerName,
	}
	if c.CA != "" || len(c.Pin) > 0 {
		return []receipt.Trust{{CAFile: c.CA, Pins: c.Pin}}
	}
	if t.ServerName != "" {
		return []receipt.Trust{t}
	}
	var list []receipt.Trust
	for _, endpoint := range cfg.Endpoints {
		if strings.HasPrefix(endpoint, "_") {
			continue // its SRV record may not be reachable from here
		}
		if host, _, err := net.SplitHostPort(endpoint); err == nil {
			t.ServerName = host
			list = append(list, t)
		}
	}
	if len(list) == 0 {
		list = append(list, t)
	}
	return list
}
