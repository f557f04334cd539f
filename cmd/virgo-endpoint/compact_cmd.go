package main

import (
	"virgo/cmd/virgo-endpoint/internal/store/retention"
)

type compactCmd struct{}

func (compactCmd) Help() string {
	return "Gives space back to the disk that endpoint.db, history.db and control.db have and do not use. It is needed hardly ever: " +
		"results are deleted with their files. It can be used while a server runs; enrolments wait for it."
}

type compactDocument struct {
	document
	Files []compactedFile `json:"files"`
}

type compactedFile struct {
	File   string `json:"file"`
	Before int64  `json:"before_bytes"`
	After  int64  `json:"after_bytes"`
}

func (c *compactCmd) Run(a *app) error {
	st, err := a.store()
	if err != nil {
		return err
	}
	defer st.Close()
	list, err := st.Compact(a.ctx)
	if err != nil {
		return a.explain(err)
	}
	doc := compactDocument{document{schemaVersion}, []compactedFile{}}
	t := &table{columns: []column{{head: "FILE"}, {head: "BEFORE", right: true}, {head: "AFTER", right: true}}}
	for _, f := range list {
		doc.Files = append(doc.Files, compactedFile(f))
		t.row(f.File, retention.FormatSize(f.Before), retention.FormatSize(f.After))
	}
	if a.JSON {
		return a.printJSON(doc)
	}
	return a.printTable(t)
}
