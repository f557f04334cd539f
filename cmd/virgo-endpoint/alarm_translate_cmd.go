package main

import (
	"fmt"
	"strings"

	rule "virgo/schedule/alarm"
	"virgo/schedule/yaml/full"
)

type alarmTranslateCmd struct {
	File string `arg:"" name:"file" help:"A file with checks that have alarms."`
}

func (alarmTranslateCmd) Help() string {
	return "Prints the alarms of the checks in a file as rules, to be written in their place; the endpoint reads both forms. " +
		"Lines that begin with # say what works differently. Exits with 2 if there is something that cannot be translated."
}

type translatedDocument struct {
	document
	Alarms   []translatedRecord `json:"alarms"`
	Mistakes []mistakeRecord    `json:"mistakes"`
}

type translatedRecord struct {
	CheckID string   `json:"check_id"`
	Rule    string   `json:"rule"`
	Plan    string   `json:"notification_plan_id,omitempty"`
	Notices []string `json:"notices,omitempty"`
}

func (c *alarmTranslateCmd) Run(a *app) error {
	data, err := readRules(c.File)
	if err != nil {
		return &failure{exitUsage, err, ""}
	}
	if _, err := full.Parse(c.File, data); err != nil {
		return &failure{exitUsage, err, ""}
	}
	rules, problems := rule.ParseChecks(c.File, data, full.Parse)
	doc := translatedDocument{document{schemaVersion}, []translatedRecord{}, ruleMistakes(problems)}
	for i := range rules {
		r := &rules[i]
		check := r.Checks.IDs[0]
		r.Checks = rule.CheckMatch{}
		if strings.HasSuffix(r.ID, "/"+r.Label) {
			r.Label = "" // the id, which stands there where there is none
		}
		doc.Alarms = append(doc.Alarms, translatedRecord{check, rule.Format(r), r.Plan, r.Notices})
	}
	if err := c.print(a, &doc); err != nil {
		return err
	}
	if n := len(doc.Mistakes); n > 0 {
		return &failure{exitUsage, fmt.Errorf("mistakes: %d", n), "see: virgo-endpoint alarm check " + c.File}
	}
	return nil
}

func (c *alarmTranslateCmd) print(a *app, doc *translatedDocument) error {
	if a.JSON {
		return a.printJSON(doc)
	}
	var b strings.Builder
	check := ""
	for _, r := range doc.Alarms {
		if r.CheckID != check {
			check = r.CheckID
			fmt.Fprintf(&b, "# check %s\nalarms:\n", oneLine(check))
		}
		for _, notice := range r.Notices {
			fmt.Fprintf(&b, "  # %s\n", oneLine(notice))
		}
		if r.Plan != "" {
			fmt.Fprintf(&b, "  # was told by plan %s: see plans in notify.yaml, or write notify: [NAME]\n", oneLine(r.Plan))
		}
		for line := range strings.Lines(r.Rule) {
			b.WriteString("  " + line)
		}
	}
	for _, m := range doc.Mistakes {
		fmt.Fprintf(&b, "# not translated: %s\n", oneLine(m.String()))
	}
	if b.Len() == 0 {
		b.WriteString("# no check of this file has alarms\n")
	}
	return a.print([]byte(b.String()))
}
