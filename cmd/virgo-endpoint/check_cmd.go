package main

import (
	"fmt"
	"strconv"

	"virgo/cmd/virgo-endpoint/internal/releases"
	"virgo/cmd/virgo-endpoint/internal/store"
	"virgo/cmd/virgo-endpoint/internal/store/retention"
)

type checkCmd struct{}

func (checkCmd) Help() string {
	return "Reads every file of the store and verifies all of it: structure, indexes, checksums, each result, and that the files fit together; " +
		"then what was published (bundle publish). " +
		"It names what is damaged, changes nothing, and can be used while a server runs. " +
		"The exit code is 5 if anything is damaged. A damaged segment costs only the results in it; a server sets it aside when it finds the damage."
}

type checkDocument struct {
	document
	Files []checkedFile `json:"files"`
	// Damaged is the number of damaged files, Results that of results in the others.
	Damaged int   `json:"damaged"`
	Results int64 `json:"results"`
}

// A checkedFile is a file of the store in a document.
type checkedFile struct {
	File string `json:"file"`
	What string `json:"what"`
	// Results is null where a file has none or cannot be read.
	Results *int64 `json:"results"`
	Bytes   int64  `json:"bytes"`
	Damaged bool   `json:"damaged"`
	// Problem is empty where nothing is wrong.
	Problem string `json:"problem"`
}

func (c *checkCmd) Run(a *app) error {
	st, err := a.store()
	if err != nil {
		return err
	}
	defer st.Close()
	doc := checkDocument{document: document{schemaVersion}, Files: []checkedFile{}}
	err = st.Check(a.ctx, func(f store.Finding) { doc.add(f) })
	if err != nil {
		return a.explain(err)
	}
	published, err := a.releases()
	if err != nil {
		return err
	}
	published.Check(func(f releases.Finding) {
		doc.add(store.Finding{File: f.File, What: f.What, Bytes: f.Bytes, Results: -1, Err: f.Err})
	})
	if a.JSON {
		err = a.printJSON(doc)
	} else {
		err = a.printTable(doc.table())
	}
	if err != nil || doc.Damaged == 0 {
		return err
	}
	return &failure{exitUnread, fmt.Errorf("damaged files: %d of %d", doc.Damaged, len(doc.Files)),
		"keep a copy of them; virgo-endpoint restore brings back what a backup has"}
}

func (doc *checkDocument) add(f store.Finding) {
	one := checkedFile{File: f.File, What: f.What, Bytes: f.Bytes, Damaged: f.Err != nil && !f.Harmless}
	if f.Results >= 0 {
		one.Results = &f.Results
		doc.Results += f.Results
	}
	if f.Err != nil {
		one.Problem = oneLine(f.Err.Error())
	}
	if one.Damaged {
		doc.Damaged++
	}
	doc.Files = append(doc.Files, one)
}

func (doc *checkDocument) table() *table {
	t := &table{columns: []column{{head: "FILE"}, {head: "SIZE", right: true}, {head: "RESULTS", right: true}, {head: "STATE"}}}
	for _, f := range doc.Files {
		results, state := "-", "good"
		if f.Results != nil {
			results = strconv.FormatInt(*f.Results, 10)
		}
		switch {
		case f.Damaged:
			state = "DAMAGED: " + f.Problem
		case f.Problem != "":
			state = "note: " + f.Problem
		}
		t.row(f.File, retention.FormatSize(f.Bytes), results, state)
	}
	return t
}
