package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"

	"filippo.io/age"

	"virgo/spool/bundle"
	"virgo/transport/endpoint"
)

// stdStream is the FILE that is standard input, and the --receipt that is standard output.
const stdStream = "-"

type importCmd struct {
	Files     []string `arg:"" name:"file" help:"Bundles that virgo spool export made; - is standard input."`
	Receipt   string   `placeholder:"FILE" help:"Where the receipts go; - is standard output. Default: beside each bundle, as its name and .receipt."`
	Identity  []string `type:"existingfile" placeholder:"FILE" help:"File of age keys (age-keygen), for bundles that are encrypted; may be given several times."`
	AcceptKey bool     `help:"Take a bundle of an agent whose key is another one than before, and its key from now on."`
}

func (importCmd) Help() string {
	return "Stores results that were carried here: each once, however often its bundle comes, and whether or not its agent delivers it too. " +
		"A bundle that was cut or changed is refused, and nothing of it stored. It can be used while a server runs. " +
		"The receipt is signed by this endpoint; carried back, virgo spool import-receipt clears there what was stored here. " +
		"The first key that signs for an agent is kept, and a bundle of another one is refused."
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
	// Key is what people tell the agent's key by; FirstKey is true where none was kept of the agent before.
	Key      string `json:"key"`
	FirstKey bool   `json:"first_key"`
	// Receipt is the file that has it; "-" is standard output, and null means that there is none.
	Receipt *string `json:"receipt"`
}

func (c *importCmd) Run(a *app) error {
	in, err := c.begin(a)
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
			if err := in.say(entry); err != nil {
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
	return &failure{code: exitUnexpected, err: fmt.Errorf("%d of %d bundles were not imported", len(c.Files)-len(doc.Bundles)+len(failed), len(c.Files))}
}

// begin looks at what was asked for, and opens what every bundle needs.
func (c *importCmd) begin(a *app) (*importing, error) {
	stdin := 0
	for _, f := range c.Files {
		if f == stdStream {
			stdin++
		}
	}
	switch {
	case stdin > 1:
		return nil, &failure{exitUsage, errors.New("standard input is one bundle, and it is named twice"), ""}
	case stdin > 0 && c.Receipt == "":
		return nil, &failure{exitUsage, errors.New("a bundle of standard input has no name for its receipt"), "--receipt FILE, or --receipt - for standard output"}
	case a.JSON && c.Receipt == stdStream:
		return nil, &failure{exitUsage, errors.New("--json and --receipt - both want standard output"), "--receipt FILE"}
	}
	in := &importing{app: a, cmd: c}
	for _, file := range c.Identity {
		list, err := readIdentities(file)
		if err != nil {
			return nil, &failure{exitUsage, err, "age-keygen -o FILE makes one; its public key is what virgo spool export --recipient takes"}
		}
		in.identities = append(in.identities, list...)
	}
	folder, err := a.folder()
	if err != nil {
		return nil, err
	}
	cert, err := endpoint.LoadCertificate(folder, slog.New(slog.DiscardHandler), a.now)
	if err != nil {
		return nil, err
	}
	in.folder, in.cert = folder, cert.Pair()
	in.store, err = a.store()
	return in, err
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
