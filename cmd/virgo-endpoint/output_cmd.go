package main

import (
	"cmp"
	"slices"
	"strconv"

	"virgo/cmd/virgo-endpoint/internal/feed"
	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/shorttext"
)

type outputCmd struct {
	List outputListCmd `cmd:"" help:"List the outputs: how far each is, and why one fails."`
}

func (outputCmd) Help() string {
	return "outputs.yaml in the folder says where results are passed on to; a running server reads it again when it changes. " +
		"For example: outputs: {prom: {remote_write: \"http://127.0.0.1:9090/api/v1/write\"}}"
}

type outputListCmd struct{}

func (outputListCmd) Help() string {
	return "BEHIND is how many results wait; SENT, REFUSED (for ever) and LOST (deleted before) count results. " +
		"An output that outputs.yaml has no more is listed as \"removed\"."
}

type outputListDocument struct {
	document
	Outputs  []outputEntry `json:"outputs"`
	Mistakes []string      `json:"mistakes"`
}

type outputEntry struct {
	Name string `json:"name"`
	// Kind is remote_write, otlp, influx, json, json_command, or removed.
	Kind    string `json:"kind"`
	Behind  int64  `json:"behind"`
	Sent    int64  `json:"sent"`
	Refused int64  `json:"refused"`
	Lost    int64  `json:"lost"`
	Error   string `json:"error"`
	AtMS    *int64 `json:"at_ms"`
}

func (c *outputListCmd) Run(a *app) error {
	dir, err := a.folder()
	if err != nil {
		return err
	}
	list, problems := a.outputs(dir)
	doc := outputListDocument{document{schemaVersion}, []outputEntry{}, []string{}}
	for _, p := range problems {
		doc.Mistakes = append(doc.Mistakes, folder.Describe(p))
	}
	cursors, newest, err := a.cursors(dir)
	if err != nil {
		return err
	}
	for i := range list {
		e := outputEntry{Name: list[i].Name, Kind: list[i].Kind()}
		if at := slices.IndexFunc(cursors, func(c watch.Cursor) bool { return c.Name == e.Name }); at >= 0 {
			e.fill(&cursors[at], newest)
			cursors = slices.Delete(cursors, at, at+1)
		}
		doc.Outputs = append(doc.Outputs, e)
	}
	for i := range cursors {
		e := outputEntry{Name: cursors[i].Name, Kind: "removed"}
		e.fill(&cursors[i], newest)
		doc.Outputs = append(doc.Outputs, e)
	}
	if a.JSON {
		return a.printJSON(doc)
	}
	return a.print(outputsText(a, dir, doc))
}

func (e *outputEntry) fill(c *watch.Cursor, newest int64) {
	e.Sent, e.Refused, e.Lost, e.Error, e.AtMS = c.Sent, c.Refused, c.Lost, c.Err, ms(c.At)
	e.Behind = max(0, newest-max(c.Seq, 0))
}

// cursors returns how far outputs are, and the number of the newest result.
func (a *app) cursors(dir folder.Dir) ([]watch.Cursor, int64, error) {
	st, err := a.store()
	if err != nil {
		return nil, 0, err
	}
	defer st.Close()
	newest, err := feed.Place(a.ctx, st)
	if err != nil {
		return nil, 0, a.explain(err)
	}
	db, err := a.controlToRead(dir)
	if err != nil || db == nil {
		return nil, newest, err
	}
	defer db.Close()
	list, err := db.Cursors().AllCursors(a.ctx)
	return list, newest, a.explain(err)
}

func outputsText(a *app, dir folder.Dir, doc outputListDocument) []byte {
	var b []byte
	if len(doc.Outputs) == 0 {
		b = append(b, "results are passed on to nobody: "+shorttext.QuoteShell(dir.OutputsFile())+" names nothing\n"...)
	} else {
		t := table{columns: []column{{head: "NAME"}, {head: "KIND"}, {head: "BEHIND", right: true}, {head: "SENT", right: true},
			{head: "REFUSED", right: true, optional: true}, {head: "LOST", right: true, optional: true}, {head: "ERROR", optional: true}}}
		number := func(n int64) string { return strconv.FormatInt(n, 10) }
		slices.SortStableFunc(doc.Outputs, func(a, b outputEntry) int { return cmp.Compare(a.Name, b.Name) })
		for _, e := range doc.Outputs {
			t.row(e.Name, e.Kind, number(e.Behind), number(e.Sent), number(e.Refused), number(e.Lost), dash(e.Error))
		}
		b = append(b, t.text(a.width(), 0, a.color())...)
	}
	for _, m := range doc.Mistakes {
		b = append(b, "mistake: "+shorttext.Sanitize(m)+"\n"...)
	}
	return b
}
