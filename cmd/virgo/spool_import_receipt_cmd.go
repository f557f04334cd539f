package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"virgo/cmd/virgo/internal/agent"
	"virgo/cmd/virgo/internal/config"
	"virgo/transport/receipt"
)

type spoolImportReceiptCmd struct {
	Files []string `arg:"" name:"file" help:"Receipts that came back; - is standard input."`
	CA    string   `name:"ca" placeholder:"FILE" help:"CA file that must lead to the endpoint's certificate, in place of what the configuration says."`
	Pin   []string `placeholder:"sha256:…" help:"The endpoint's public key, in place of what the configuration says; may be given several times."`
}

// Help is the command's own part of its help.
func (spoolImportReceiptCmd) Help() string {
	return "Deletes the results that an endpoint has, by its signature, and puts aside those that it refused; nothing else is touched. " +
		"The receipt must be signed by the endpoint that this host would deliver to: by its pin, its CA file, or its name and the system's authorities. Importing one again does no harm."
}

type receiptDocument struct {
	document
	Cleared  int            `json:"cleared"`
	Refused  int            `json:"refused"`
	Waiting  uint64         `json:"waiting"`
	Receipts []receiptEntry `json:"receipts"`
}

// A receiptEntry is one file of receipts.
type receiptEntry struct {
	File     string `json:"file"`
	Endpoint string `json:"endpoint"`
	Bundle   string `json:"bundle"`
	IssuedMS int64  `json:"issued_ms"`
	Cleared  int    `json:"cleared"`
	Refused  int    `json:"refused"`
}

func (c *spoolImportReceiptCmd) Run(a *app) error {
	ag, cfg, err := a.agent()
	if err != nil {
		return err
	}
	trusts := c.trusts(cfg)
	doc := receiptDocument{document: document{schemaVersion}, Receipts: []receiptEntry{}}
	// All are looked at before the first deletes anything.
	opened := make([][]receipt.Receipt, len(c.Files))
	for i, file := range c.Files {
		if opened[i], err = c.open(a, file, trusts); err != nil {
			return &exitError{exitUsage, fmt.Errorf("receipt %q: %w", file, err)}
		}
		for _, r := range opened[i] {
			if r.Agent != ag.ID {
				return &exitError{exitUsage, fmt.Errorf("receipt %q: %w", file, &agent.ForeignError{Agent: r.Agent, Here: ag.ID})}
			}
		}
	}
	for i, list := range opened {
		done, err := ag.Clear(a.ctx, list)
		doc.Cleared, doc.Refused, doc.Waiting = doc.Cleared+done.Cleared, doc.Refused+done.Refused, done.Waiting
		if err != nil {
			return fmt.Errorf("receipt %q: %d results cleared, and then: %w", c.Files[i], doc.Cleared, err)
		}
		doc.Receipts = append(doc.Receipts, receiptEntry{c.Files[i], list[0].Endpoint, list[0].Bundle, list[0].IssuedMS, done.Cleared, done.Refused})
	}
	if a.JSON {
		return a.printJSON(doc)
	}
	text := fmt.Sprintf("%d results cleared, %d still wait", doc.Cleared, doc.Waiting)
	if doc.Refused > 0 {
		text += fmt.Sprintf(", %d refused (virgo spool list --rejected)", doc.Refused)
	}
	_, err = fmt.Fprintln(a.out, text)
	return err
}

// open reads the receipts of a file and believes them or fails.
func (c *spoolImportReceiptCmd) open(a *app, file string, trusts []receipt.Trust) ([]receipt.Receipt, error) {
	in := a.in
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
		r, err := believe(doc, trusts, a)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: nothing is in it", receipt.ErrNotReceipt)
	}
	return list, nil
}

// believe opens a receipt by any of the names that the endpoint may go by here.
func believe(doc []byte, trusts []receipt.Trust, a *app) (r receipt.Receipt, err error) {
	var first error
	for _, t := range trusts {
		if r, err = receipt.Open(doc, t, a.now()); err == nil {
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

// trusts are whom this host would deliver to: one for each name that it knows the endpoint by.
func (c *spoolImportReceiptCmd) trusts(cfg config.Config) []receipt.Trust {
	t := receipt.Trust{CAFile: cfg.CAFile, Pins: append(append([]string{}, cfg.Pins...), cfg.BackupPins...), ServerName: cfg.ServerName}
	if c.CA != "" || len(c.Pin) > 0 {
		return []receipt.Trust{{CAFile: c.CA, Pins: c.Pin}}
	}
	if t.ServerName != "" {
		return []receipt.Trust{t}
	}
	var list []receipt.Trust
	for _, endpoint := range cfg.Endpoints {
		if strings.HasPrefix(endpoint, "_") {
			continue // what its SRV record leads to cannot be asked here
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
