package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"virgo/cmd/internal/term"
	"virgo/cmd/virgo-endpoint/internal/control"
	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/store"
	"virgo/cmd/virgo-endpoint/internal/store/archive"
	"virgo/schedule/shorttext"
)

// maxRevived is how many keys are listed as text.
const maxRevived = 20

type restoreCmd struct {
	File string `arg:"" type:"existingfile" help:"A file that virgo-endpoint backup wrote."`
}

func (restoreCmd) Help() string {
	return "Makes the folder of --dir, which must not exist or be empty, and in which nobody else can write. Everything is as it was when the backup was begun: " +
		"results that were acknowledged later are lost, and what was revoked later is valid again. " +
		"It lists the tokens and keys that are valid, and the people who may log in, whose sessions are over; revoke again what was revoked since: " +
		"virgo-endpoint agents revoke, virgo-endpoint token remove, virgo-endpoint user remove. " +
		"Agents deliver what they still have; nothing is stored twice. The history is completed when the endpoint is served."
}

type restoreDocument struct {
	document
	Dir      string         `json:"dir"`
	Created  *int64         `json:"created_ms"`
	Segments int            `json:"segments"`
	Tokens   []tokenEntry   `json:"tokens"`
	Keys     []revivedEntry `json:"keys"`
	// People are those who may log in again.
	People []string `json:"people"`
}

// A revivedEntry is an agent whose key is valid again.
type revivedEntry struct {
	AgentID    string `json:"agent_id"`
	Key        string `json:"key"`
	Registered *int64 `json:"registered_ms"`
}

func (c *restoreCmd) Run(a *app) error {
	dir, err := a.folder()
	if err != nil {
		return err
	}
	if err := folder.Prepare(dir); err != nil {
		return a.explain(err)
	}
	var people []string
	report, err := store.Restore(a.ctx, c.File, string(dir), folder.IsBackupFile, func(dir string) (err error) {
		people, err = a.restoredPeople(folder.Dir(dir))
		return err
	}, a.now())
	switch {
	case errors.Is(err, store.ErrNotEmpty):
		return &failure{exitUsage, err, "give a folder that does not exist yet with --dir"}
	case errors.Is(err, archive.ErrNotBackup):
		return &failure{exitUsage, err, "virgo-endpoint backup writes such files"}
	case errors.Is(err, archive.ErrIncomplete), errors.Is(err, archive.ErrChanged):
		return &failure{exitUnread, err, "use another copy of it, or an earlier backup"}
	case errors.Is(err, archive.ErrNewer):
		return &failure{exitUsage, err, "use the version of virgo-endpoint that wrote it, or a later one"}
	case err != nil:
		return a.explain(err)
	}
	doc := restoreDocument{document: document{schemaVersion}, Dir: a.Dir, Created: ms(report.Created), Segments: report.Segments,
		Tokens: []tokenEntry{}, Keys: []revivedEntry{}, People: orEmpty(people)}
	for i := range report.Tokens {
		doc.Tokens = append(doc.Tokens, entryOf(&report.Tokens[i], a.now()))
	}
	for _, k := range report.Keys {
		doc.Keys = append(doc.Keys, revivedEntry{k.AgentID, store.KeyName(k.Key), ms(k.Registered)})
	}
	if a.JSON {
		return a.printJSON(doc)
	}
	return a.print(doc.text(&report))
}

// restoredPeople makes control.db of a backup fit for use, and returns who may log in. Backups of earlier versions have none.
func (a *app) restoredPeople(dir folder.Dir) (names []string, err error) {
	if !control.Exists(dir.ControlFile()) {
		return nil, nil
	}
	d, err := control.Open(a.ctx, dir.ControlFile(), control.Options{Now: a.now})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if err := d.Restored(a.ctx); err != nil {
		return nil, err
	}
	all, err := d.People().All(a.ctx)
	for _, p := range all {
		if p.Disabled.IsZero() {
			names = append(names, p.Name)
		}
	}
	return names, err
}

func (doc *restoreDocument) text(r *store.RestoreReport) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "restored %s as it was at %s, segments: %d\n", shorttext.QuoteShell(doc.Dir), moment(r.Created), doc.Segments)
	fmt.Fprintf(&b, "\nvalid again, also if revoked since: tokens: %d, keys of agents: %d\n", len(doc.Tokens), len(doc.Keys))
	var t term.Table
	for _, k := range doc.Tokens {
		t.Row("  token "+k.ID, k.Label)
	}
	for i, k := range doc.Keys {
		if i == maxRevived {
			t.Row(fmt.Sprintf("  and %d more: virgo-endpoint agents", len(doc.Keys)-i), "")
			break
		}
		t.Row("  agent "+k.AgentID, k.Key)
	}
	b.WriteString(t.Text(0, false))
	if len(doc.People) > 0 {
		fmt.Fprintf(&b, "\nmay log in with the passwords of then: %s\n", strings.Join(doc.People, ", "))
	}
	fmt.Fprintf(&b, "\nRevoke what was revoked since: virgo-endpoint agents revoke, virgo-endpoint token remove\n"+
		"Then: virgo-endpoint serve --dir %s\n", shorttext.QuoteShell(doc.Dir))
	return b.Bytes()
}
