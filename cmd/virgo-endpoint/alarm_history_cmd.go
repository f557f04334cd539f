package main

import (
	"errors"
	"fmt"
	"time"

	"virgo/cmd/internal/term"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/shorttext"
)

type alarmHistoryCmd struct {
	Since string `default:"7d" placeholder:"T" help:"From T on: an age such as 90s, 1h, 7d, or a time such as 2026-03-01 or 2026-03-01T15:04:05Z. Default: ${default}."`
	Until string `placeholder:"T" help:"Before T, likewise. Default: now."`
	Host  string `placeholder:"ID" help:"Only alarms of this agent."`
	Rule  string `placeholder:"ID" help:"Only alarms of this rule."`
	Late  bool   `help:"Only what results that came late would have raised."`
	All   bool   `help:"The changes to OK and UNKNOWN too, each in a line of its own."`
	Limit int    `default:"200" placeholder:"N" help:"Maximum number of lines, the newest ones; 0 means all. Default: ${default}."`
}

func (alarmHistoryCmd) Help() string {
	return "Each line is a state that needed a look, from when until when, with the value and the threshold as it began. The newest come last. " +
		"\"late\" stands behind what results that came late would have said: they raised nothing. \"held\": a silence held its notification back. " +
		"Changes are kept for two years."
}

// A changeEntry is a change in a document.
type changeEntry struct {
	ID        int64    `json:"id"`
	At        *int64   `json:"at_ms"`
	Until     *int64   `json:"until_ms"`
	Was       string   `json:"was"`
	State     string   `json:"state"`
	Kind      string   `json:"kind"`
	AgentID   string   `json:"agent_id"`
	AgentName string   `json:"agent_name"`
	Rule      string   `json:"rule"`
	CheckID   string   `json:"check_id"`
	Dimension string   `json:"dimension"`
	Value     *float64 `json:"value"`
	Threshold *float64 `json:"threshold"`
	Text      string   `json:"text"`
}

type changesDocument struct {
	document
	Changes []changeEntry `json:"changes"`
}

func (c *alarmHistoryCmd) Run(a *app) error {
	f := watch.ChangeFilter{Rule: c.Rule, OnlyOpen: !c.All, Limit: c.Limit}
	if c.Limit < 0 {
		return &failure{exitUsage, fmt.Errorf("--limit %d is negative", c.Limit), ""}
	}
	if c.Late {
		f.Kinds = []watch.ChangeKind{watch.Late}
	}
	var err error
	if f.From, f.To, err = between(c.Since, c.Until, a.now()); err != nil {
		return err
	}
	if c.Host != "" {
		if f.Agent, err = a.agentNumber(c.Host); err != nil {
			return err
		}
	}
	list, err := a.changes(f)
	if err != nil {
		return err
	}
	if a.JSON {
		doc := changesDocument{document{schemaVersion}, []changeEntry{}}
		for _, one := range list {
			doc.Changes = append(doc.Changes, changeEntry{one.ID, ms(one.At), ms(one.Until), one.Was.String(), one.State.String(), kindName(one.Kind),
				one.AgentID, one.Host, one.Rule, one.CheckID, one.Dimension, one.Value, one.Threshold, one.Text})
		}
		return a.printJSON(doc)
	}
	return a.print(changesText(a, list))
}

// between reads --since and --until.
func between(since, until string, now time.Time) (from, to time.Time, err error) {
	to = now
	for _, t := range []struct {
		flag, text string
		into       *time.Time
	}{{"--since", since, &from}, {"--until", until, &to}} {
		if t.text == "" {
			continue
		}
		if *t.into, err = instant(t.text, now); err != nil {
			return from, to, &failure{exitUsage, fmt.Errorf("%s %q: %w", t.flag, t.text, err), fmt.Sprintf("for example %s 7d or %[1]s 2026-03-01", t.flag)}
		}
	}
	if !from.Before(to) {
		return from, to, &failure{exitUsage, errors.New("--since is not before --until"), ""}
	}
	return from, to, nil
}

// agentNumber returns the store's own name of an agent.
func (a *app) agentNumber(id string) (number intake.AgentNumber, err error) {
	st, err := a.store()
	if err != nil {
		return 0, err
	}
	defer st.Close()
	agents, err := st.Agents(a.ctx, id)
	if err != nil {
		return 0, a.explain(err)
	}
	if len(agents) == 0 {
		return 0, &failure{exitUsage, fmt.Errorf("agent %q: %w", id, intake.ErrNoAgent), a.nearAgent(st, id)}
	}
	return agents[0].Number, nil
}

// changes reads changes of alarms, oldest first.
func (a *app) changes(f watch.ChangeFilter) (list []watch.Change, err error) {
	dir, err := a.folder()
	if err != nil {
		return nil, err
	}
	db, err := a.controlToRead(dir)
	if db == nil || err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.Alarms().Changes(a.ctx, f, func(c watch.Change) error {
		list = append(list, c)
		return nil
	})
	if err != nil {
		return nil, a.explain(err)
	}
	if f.Limit > 0 { // they came newest first
		for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
			list[i], list[j] = list[j], list[i]
		}
	}
	return list, nil
}

// kindName is a change's kind for programs.
func kindName(k watch.ChangeKind) string {
	names := []string{"real", "late", "held", "flapping", "fleet"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("kind %d", k)
}

func changesText(a *app, list []watch.Change) []byte {
	if len(list) == 0 {
		return []byte("no alarms in this time\n")
	}
	from := momentColumn{head: "FROM", byDay: true}
	for _, c := range list {
		from.add(c.At)
	}
	t := table{columns: []column{{head: from.name()}, {head: "UNTIL"}, {head: "STATE"}, {head: "HOST"}, {head: "RULE", drop: 2}, {head: "KIND", drop: 1, optional: true}, {head: "WHAT"}}}
	for i := range list {
		c := &list[i]
		s := watch.Standing{Key: c.Key, AgentID: c.AgentID, Host: c.Host}
		kind := ""
		if c.Kind != watch.Real {
			kind = kindName(c.Kind)
		}
		t.cells(term.Cell{Text: from.text(c.At)}, term.Cell{Text: lasted(c)}, term.Cell{Text: c.State.String(), Color: alarmColor(c.State)},
			term.Cell{Text: alarmHost(&s)}, term.Cell{Text: c.Rule}, term.Cell{Text: kind}, term.Cell{Text: shorttext.Sanitize(c.Text)})
	}
	return t.text(a.width(), 0, a.color())
}

// lasted says until when a state lasted, as a time of day and how long that was.
func lasted(c *watch.Change) string {
	switch {
	case c.Until.IsZero() && c.State.Open():
		return "open"
	case c.Until.IsZero():
		return "-"
	}
	return c.Until.Local().Format(time.TimeOnly) + " (" + span(c.Until.Sub(c.At).Milliseconds()) + ")"
}
