package main

import (
	"errors"
	"fmt"

	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/alarm"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/shorttext"
)

type alarmAckCmd struct {
	Host      string `arg:"" help:"The agent's id."`
	Rule      string `arg:"" optional:"" help:"The rule's id. Without it, all alarms of the host."`
	Check     string `placeholder:"ID" help:"Only the alarm of this check."`
	Dimension string `placeholder:"D" help:"Only the alarm of this dimension, for example the file system."`
	TakeBack  bool   `help:"Nobody looks after it any more."`
}

func (alarmAckCmd) Help() string {
	return "Your name stands beside the alarm until it is over; others are told no more of it while it does not get worse (no escalation, no repetition). " +
		"A server takes it over within ten seconds."
}

type ackDocument struct {
	document
	Alarms []alarmEntry `json:"alarms"`
}

func (c *alarmAckCmd) Run(a *app) error {
	list, _, err := a.standing(alarm.StateFilter{AgentID: c.Host, Rule: c.Rule})
	if err != nil {
		return err
	}
	doc := ackDocument{document{schemaVersion}, []alarmEntry{}}
	var text []byte
	err = a.administer(nil, func(ad *admin.Admin, by watch.Actor) error {
		for i := range list {
			s := &list[i]
			if c.Check != "" && s.CheckID != c.Check || c.Dimension != "" && s.Dimension != c.Dimension {
				continue
			}
			note, done := ad.Acknowledge, "acknowledged by "+by.Name
			if s.AckedBy = by.Name; c.TakeBack {
				note, done, s.AckedBy = ad.TakeBack, "nobody looks after it", ""
			}
			if err := note(a.ctx, by, s.Key); err != nil && !errors.Is(err, watch.ErrNoSuchState) {
				return err
			}
			doc.Alarms = append(doc.Alarms, alarmEntryOf(s, nil))
			text = fmt.Appendf(text, "%s %s: %s: %s\n", shorttext.Sanitize(alarmHost(s)), s.Rule, shorttext.Sanitize(s.Text), shorttext.Sanitize(done))
		}
		return nil
	})
	switch {
	case err != nil:
		return a.explain(err)
	case len(doc.Alarms) == 0:
		return &failure{exitUsage, fmt.Errorf("agent %q has no such alarm%s", c.Host, ofRule(c.Rule)),
			"virgo-endpoint alarm list --dir " + shorttext.QuoteShell(a.Dir) + " lists those that stand"}
	case a.JSON:
		return a.printJSON(doc)
	}
	return a.print(text)
}

func ofRule(id string) string {
	if id == "" {
		return ""
	}
	return fmt.Sprintf(" of the rule %q", id)
}
