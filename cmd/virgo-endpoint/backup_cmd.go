package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/store"
	"virgo/cmd/virgo-endpoint/internal/store/retention"
	"virgo/schedule/shorttext"
)

type backupCmd struct {
	File string `arg:"" type:"path" help:"The backup: a tar archive that does not exist yet."`
}

func (backupCmd) Help() string {
	return "Writes all of the folder to one file, at one moment, while a server runs: results, history, agents, tokens, alarms, silences, people, the audit log, and also " +
		"certificates, private keys, schedules and rules, but not what is elsewhere and only linked. Keep it as safe as the folder: whoever has it can be this endpoint. " +
		"It takes about as much space as the folder, and while it is made once more what endpoint.db, history.db and control.db have. " +
		"An existing file is not replaced. virgo-endpoint restore makes a folder of it."
}

type backupDocument struct {
	document
	File     string   `json:"file"`
	Bytes    int64    `json:"bytes"`
	Segments int      `json:"segments"`
	Files    []string `json:"files"`
	// Damaged are the numbers of segments that were set aside, which are not part of the backup.
	Damaged []int64 `json:"damaged_segments"`
}

func (c *backupCmd) Run(a *app) error {
	dir, err := a.folder()
	if err != nil {
		return err
	}
	st, err := a.store()
	if err != nil {
		return err
	}
	defer st.Close()
	names, err := folder.BackupFiles(dir)
	if err != nil {
		return a.explain(fmt.Errorf("backing up %q: %w", a.Dir, err))
	}
	var more []store.BackupFile
	for _, name := range names {
		more = append(more, store.BackupFile{Name: name, Path: filepath.Join(a.Dir, filepath.FromSlash(name))})
	}
	report, err := st.Backup(a.ctx, c.File, more, a.now())
	if errors.Is(err, fs.ErrExist) {
		return &failure{exitUsage, err, "give a name that is not there yet, or remove the file"}
	}
	if err != nil {
		return a.explain(err)
	}
	doc := backupDocument{document{schemaVersion}, c.File, report.Bytes, report.Segments, orEmpty(report.Files), report.Damaged}
	if doc.Damaged == nil {
		doc.Damaged = []int64{}
	}
	if a.JSON {
		return a.printJSON(doc)
	}
	return a.print(doc.text())
}

func (doc *backupDocument) text() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "wrote %s: %s, segments: %d, other files: %d\n", shorttext.QuoteShell(doc.File),
		retention.FormatSize(doc.Bytes), doc.Segments, len(doc.Files))
	if len(doc.Damaged) > 0 {
		fmt.Fprintf(&b, "not in it, because they are damaged: segments %v\n", doc.Damaged)
	}
	return b.Bytes()
}
