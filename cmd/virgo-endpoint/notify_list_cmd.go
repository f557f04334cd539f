package main

import (
	"strconv"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/notify"
	"virgo/schedule"
	"virgo/schedule/shorttext"
)

type notifyListCmd struct{}

func (notifyListCmd) Help() string {
	return "LAST SENT is how long ago a message was taken over, FAILING since when none is, WAITING how many events wait and since when the oldest does. " +
		"What is wrong in notify.yaml is named below the table."
}

type notifyListDocument struct {
	document
	Notifiers []notifierEntry `json:"notifiers"`
	// Mistakes are those in notify.yaml, by line.
	Mistakes []string `json:"mistakes"`
}

type notifierEntry struct {
	Name string `json:"name"`
	// Kind is mail, webhook, chat or command; empty for one with a mistake, or that notify.yaml has no more.
	Kind            string `json:"kind"`
	LastOKMS        *int64 `json:"last_ok_ms"`
	FailingSinceMS  *int64 `json:"failing_since_ms"`
	Failures        int    `json:"failures"`
	Error           string `json:"error"`
	Waiting         int    `json:"waiting"`
	OldestWaitingMS *int64 `json:"oldest_waiting_ms"`
}

func entryOfNotifier(s *notify.State) notifierEntry {
	e := notifierEntry{Name: s.Name, Kind: s.Kind, LastOKMS: ms(s.LastOK), FailingSinceMS: ms(s.FailingSince), Failures: s.Failures,
		Error: s.Err, Waiting: s.Waiting, OldestWaitingMS: ms(s.OldestWaiting)}
	switch {
	case s.Fault != nil:
		e.Error = folder.Describe(schedule.Problem{Err: s.Fault})
	case !s.Known && e.Error == "":
		e.Error = "it is not in notify.yaml"
	}
	return e
}

func (c *notifyListCmd) Run(a *app) error {
	dir, err := a.folder()
	if err != nil {
		return err
	}
	config, _, problems := a.notifyConfig(dir)
	doc := notifyListDocument{document{schemaVersion}, []notifierEntry{}, []string{}}
	for _, p := range problems {
		doc.Mistakes = append(doc.Mistakes, folder.Describe(p))
	}
	states, err := notifiers(a, dir, config)
	if err != nil {
		return a.explain(err)
	}
	for i := range states {
		doc.Notifiers = append(doc.Notifiers, entryOfNotifier(&states[i]))
	}
	if a.JSON {
		return a.printJSON(doc)
	}
	return a.print(notifiersText(a, dir, states, doc))
}

// notifiers returns how all of them do. A folder whose server never ran has no control.db.
func notifiers(a *app, dir folder.Dir, c *notify.Config) ([]notify.State, error) {
	db, err := a.controlToRead(dir)
	switch {
	case err != nil:
		return nil, err
	case db == nil:
		return notify.States(a.ctx, c, nil)
	}
	defer db.Close()
	return notify.States(a.ctx, c, db.Queue())
}

func notifiersText(a *app, dir folder.Dir, states []notify.State, doc notifyListDocument) []byte {
	var b []byte
	if len(states) == 0 {
		b = append(b, "nobody is told of alarms: "+shorttext.QuoteShell(dir.NotifyFile())+" names nobody\n"...)
	} else {
		now := a.now()
		t := table{columns: []column{{head: "NAME"}, {head: "KIND"}, {head: "LAST SENT", drop: 1}, {head: "FAILING SINCE", optional: true},
			{head: "WAITING"}, {head: "ERROR", optional: true}}}
		for i, s := range states {
			waiting, failing := strconv.Itoa(s.Waiting), ""
			if s.Waiting > 0 && !s.OldestWaiting.IsZero() {
				waiting += ", since " + ago(s.OldestWaiting, now)
			}
			if !s.FailingSince.IsZero() {
				failing = ago(s.FailingSince, now)
			}
			text := doc.Notifiers[i].Error
			if s.Fault != nil {
				text = "a mistake, see below"
			}
			t.row(s.Name, dash(s.Kind), ago(s.LastOK, now), dash(failing), waiting, dash(text))
		}
		b = append(b, t.text(a.width(), 0, a.color())...)
	}
	for _, m := range doc.Mistakes {
		b = append(b, "mistake: "+shorttext.Sanitize(m)+"\n"...)
	}
	return b
}
