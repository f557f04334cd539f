package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

type auditCmd struct {
	Since  string `placeholder:"T" help:"Only entries since T: an age such as 1h, 7d, or a time such as 2026-03-01 or 2026-03-01T15:04:05Z."`
	Until  string `placeholder:"T" help:"Only entries from before T, likewise."`
	Actor  string `placeholder:"NAME" help:"Only what this user, token (its id) or account of this system did."`
	Object string `placeholder:"NAME" help:"Only what was done to this."`
	Limit  int    `default:"50" placeholder:"N" help:"Maximum number of entries, the newest ones; 0 means all. Default: ${default}."`
}

func (auditCmd) Help() string {
	return "Prints who changed what over the page, the API and commands, and who logged in or failed to, the newest first. WHO is a user, a token's id, or the account " +
		"of this system that ran a command. An entry is written before the change is made: one that is \"begun\" may have happened, as the endpoint was killed then. " +
		"--json has the state before and after a change as well. Entries are kept for two years."
}

// An auditEntry is one in a document.
type auditEntry struct {
	ID        int64  `json:"id"`
	At        *int64 `json:"at_ms"`
	ActorKind string `json:"actor_kind"`
	Actor     string `json:"actor"`
	Remote    string `json:"remote"`
	Action    string `json:"action"`
	Object    string `json:"object"`
	Before    string `json:"before"`
	After     string `json:"after"`
	Outcome   string `json:"outcome"`
}

type auditDocument struct {
	document
	Entries []auditEntry `json:"entries"`
}

func (c *auditCmd) Run(a *app) (err error) {
	f := watch.EntryFilter{Actor: c.Actor, Object: c.Object, Limit: c.Limit}
	if c.Limit < 0 {
		return &failure{exitUsage, fmt.Errorf("--limit %d is negative", c.Limit), ""}
	}
	for _, t := range []struct {
		flag, text string
		into       *time.Time
	}{{"--since", c.Since, &f.From}, {"--until", c.Until, &f.To}} {
		if t.text == "" {
			continue
		}
		if *t.into, err = instant(t.text, a.now()); err != nil {
			return &failure{exitUsage, fmt.Errorf("%s %q: %w", t.flag, t.text, err), fmt.Sprintf("for example %s 7d or %[1]s 2026-03-01", t.flag)}
		}
	}
	list, err := a.entries(f)
	if err != nil {
		return err
	}
	if a.JSON {
		doc := auditDocument{document{schemaVersion}, []auditEntry{}}
		for _, e := range list {
			doc.Entries = append(doc.Entries, auditEntry{e.ID, ms(e.At), e.ActorKind, e.Actor, e.Remote, e.Action, e.Object, string(e.Before), string(e.After), e.Outcome})
		}
		return a.printJSON(doc)
	}
	at := momentColumn{head: "TIME", byDay: true}
	for _, e := range list {
		at.add(e.At)
	}
	t := table{columns: []column{{head: at.name()}, {head: "WHO"}, {head: "FROM", drop: 1, optional: true}, {head: "ACTION"}, {head: "OBJECT", optional: true}, {head: "OUTCOME"}}}
	for _, e := range list {
		t.row(at.text(e.At), whoOf(&e), dash(e.Remote), e.Action, dash(e.Object), outcomeOf(&e))
	}
	return a.printTable(&t)
}

// entries are those of the audit log; none where there is no control.db.
func (a *app) entries(f watch.EntryFilter) (list []watch.Entry, err error) {
	dir, err := a.folder()
	if err != nil {
		return nil, err
	}
	d, err := a.controlToRead(dir)
	if d == nil || err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	return list, a.explain(d.Audit().Entries(a.ctx, f, func(e watch.Entry) error {
		list = append(list, e)
		return nil
	}))
}

// whoOf says who did it, with what kind of actor that is where it is no user.
func whoOf(e *watch.Entry) string {
	switch {
	case e.Actor == "":
		return "unknown"
	case e.ActorKind == "person":
		return e.Actor
	}
	return e.ActorKind + " " + e.Actor
}

// outcomeOf says how it ended.
func outcomeOf(e *watch.Entry) string {
	if e.Outcome == watch.Begun {
		return "begun: it may have happened"
	}
	return strings.TrimSpace(e.Outcome)
}
