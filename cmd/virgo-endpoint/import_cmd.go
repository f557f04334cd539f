package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"

	"filippo.io/age"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/spool/bundle"
)

// stdStream is the FILE that is standard input, and the --receipt that is standard output.
const stdStream = "-"

type importCmd struct {
	Files     []string `arg:"" name:"file" help:"Bundles written by virgo spool export; - is standard input."`
	Receipt   string   `placeholder:"FILE" help:"File for the receipts; - is standard output. Default: the bundle's name and .receipt."`
	Identity  []string `type:"existingfile" placeholder:"FILE" help:"File with age keys (age-keygen), for encrypted bundles; may be repeated."`
	AcceptKey bool     `help:"Accept an agent's new key, for this and later bundles."`
}

func (importCmd) Help() string {
	return "Stores each result once, even if its bundle is imported again or its agent delivers it too. " +
		"A bundle that was truncated or changed is refused as a whole. The command can be used while a server runs. " +
		"It writes a signed receipt; virgo spool import-receipt on the agent's host then deletes the results that are stored here. " +
		"The key of an agent's first bundle is stored, and a bundle signed with another key is refused."
}

type importDocument struct {
	document
	Bundles []bundleEntry `json:"bundles"`
}

// A bundleEntry is a bundle in a document.
type bundleEntry struct {
	File string `json:"file"`
	// Error is why it was not imported, or not to its end; null where all went well.
	Error     *string `json:"error"`
	AgentID   string  `json:"agent_id"`
	AgentName string  `json:"agent_name"`
	Bundle    string  `json:"bundle"`
	Created   *int64  `json:"created_ms"`
	Results   uint64  `json:"results"`
	New       int     `json:"new"`
	Known     int     `json:"known"`
	Refused   int     `json:"refused"`
	// Key is the fingerprint of the agent's key; FirstKey is true where there was none before.
	Key      string `json:"key"`
	FirstKey bool   `json:"first_key"`
	// Receipt is the file of the receipt; "-" is standard output, and null means that there is none.
	Receipt *string `json:"receipt"`
}

func (c *importCmd) Run(a *app) error {
	in, err := c.open(a)
	if err != nil {
		return a.explain(err)
	}
	defer in.close()
	doc := importDocument{document{schemaVersion}, []bundleEntry{}}
	var failed []error
	for _, file := range c.Files {
		entry, err := in.file(file)
		if err != nil {
			err = a.explain(err)
			text := oneLine(err.Error())
			entry.Error = &text
			failed = append(failed, err)
			if len(c.Files) > 1 {
				printError(a.err, err)
			}
		}
		doc.Bundles = append(doc.Bundles, entry)
		if err == nil && !a.JSON {
			if err := in.print(entry); err != nil {
				return err
			}
		}
		if a.ctx.Err() != nil {
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
	case len(c.Files) == 1:
		return failed[0]
	}
	missing := len(c.Files) - len(doc.Bundles) + len(failed)
	return &failure{code: exitUnexpected, err: fmt.Errorf("%d of %d bundles were not imported", missing, len(c.Files))}
}

// open checks the arguments, and opens what every bundle needs.
func (c *importCmd) open(a *app) (*bundleImport, error) {
	if err := c.check(a); err != nil {
		return nil, err
	}
	in := &bundleImport{app: a, cmd: c}
	for _, file := range c.Identity {
		list, err := readIdentities(file)
		if err != nil {
			return nil, &failure{exitUsage, err,
				"age-keygen -o FILE makes one; its public key is what virgo spool export --recipient takes"}
		}
		in.identities = append(in.identities, list...)
	}
	var err error
	if in.dir, err = a.folder(); err != nil {
		return nil, err
	}
	if in.cert, err = folder.LoadCertificate(in.dir, slog.New(slog.DiscardHandler), a.now); err != nil {
		return nil, err
	}
	in.store, err = a.store()
	return in, err
}

// check reports what of the arguments contradicts itself: standard input and output can be used once.
func (c *importCmd) check(a *app) error {
	stdin := 0
	for _, f := range c.Files {
		if f == stdStream {
			stdin++
		}
	}
	switch {
	case stdin > 1:
		return &failure{exitUsage, errors.New("standard input is given twice"), ""}
	case stdin > 0 && c.Receipt == "":
		return &failure{exitUsage, errors.New("a bundle from standard input needs a file for its receipt"),
			"--receipt FILE, or --receipt - for standard output"}
	case a.JSON && c.Receipt == stdStream:
		return &failure{exitUsage, errors.New("--json and --receipt - cannot both use standard output"), "--receipt FILE"}
	}
	return nil
}

func readIdentities(file string) ([]age.Identity, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	list, err := bundle.ParseIdentities(f)
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", file, err)
	}
	return list, nil
}
