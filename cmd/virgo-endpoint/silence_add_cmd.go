package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule"
)

type silenceAddCmd struct {
	Host []string `placeholder:"ID" help:"For this agent, or those that match a pattern such as 'web*'; may be repeated."`
	Tag  []string `placeholder:"TAG" help:"For agents with this tag; may be repeated. Without --host and --tag: for all."`
	Rule []string `placeholder:"ID" help:"For alarms of this rule, or those that match a pattern; may be repeated. Default: all."`

	For   string `placeholder:"TIME" help:"From now on for so long, for example 2h or 3d."`
	From  string `placeholder:"T" help:"From T on, for example '2026-03-01 22:00'. Default: now."`
	Until string `placeholder:"T" help:"Until T."`

	Days   []string `placeholder:"DAYS" help:"Recurring: on these days, for example mon-fri or sat,sun. Default: each day."`
	At     string   `placeholder:"HH:MM" help:"Recurring: from this time of the day on."`
	Length string   `placeholder:"TIME" help:"Recurring: for so long, for example 8h."`
	Zone   string   `placeholder:"ZONE" help:"Recurring: the time zone, for example Europe/Berlin. Default: that of this system."`

	Kind         string `enum:"silence,quiet,maintenance,auto" default:"auto" help:"What it is for: ${enum}. Default: quiet with --at, else silence."`
	PassCritical bool   `help:"Critical alarms are told all the same."`
	Reason       string `placeholder:"TEXT" help:"Why, for those who see it on the page."`
}

func (silenceAddCmd) Help() string {
	return "Alarms go on: their states change and are recorded. Only who would be told is not, until the silence ends: then one summary names what is still open and what ended meanwhile. " +
		"Alarms that stood before are not told again. For a time: silence add --tag web --for 2h. " +
		"Quiet hours: silence add --days mon-fri --at 22:00 --length 8h --zone Europe/Berlin --pass-critical. They begin and end by the clocks of their zone, also in the nights in which these change: " +
		"a begin that they leave out is when they go on. A server knows of it at once."
}

func (c *silenceAddCmd) Run(a *app) error {
	s, err := c.silence(a.now())
	if err != nil {
		return err
	}
	err = a.administer(nil, func(ad *admin.Admin, by watch.Actor) error {
		added, err := ad.AddSilence(a.ctx, by, s)
		if err != nil {
			return err
		}
		return a.printSilence(&added, "added")
	})
	return a.explainSilence(err)
}

// silence is what the flags say.
func (c *silenceAddCmd) silence(now time.Time) (watch.Silence, error) {
	s := watch.Silence{Kind: watch.SilenceKind(c.Kind), Hosts: c.Host, Tags: c.Tag, Rules: c.Rule, PassCritical: c.PassCritical, Reason: c.Reason, From: now}
	recurs := c.At != "" || c.Length != "" || len(c.Days) > 0 || c.Zone != ""
	switch {
	case c.Kind == "auto" && recurs:
		s.Kind = watch.Quiet
	case c.Kind == "auto":
		s.Kind = watch.OneTime
	case recurs && s.Kind == watch.OneTime:
		return s, usage("--days, --at, --length and --zone are for quiet hours and maintenance", "leave --kind out, or give --kind quiet")
	}
	var err error
	if c.From != "" {
		if s.From, err = ahead(c.From, now); err != nil {
			return s, usage(fmt.Sprintf("--from %q: %v", c.From, err), "for example --from '2026-03-01 22:00'")
		}
	}
	switch {
	case c.For != "" && c.Until != "":
		return s, usage("--for and --until exclude each other", "")
	case c.For != "":
		d, err := schedule.ParseDuration(c.For)
		if err != nil {
			return s, usage(fmt.Sprintf("--for %q: %v", c.For, err), "for example --for 2h or --for 3d")
		}
		s.Until = s.From.Add(d)
	case c.Until != "":
		if s.Until, err = ahead(c.Until, now); err != nil {
			return s, usage(fmt.Sprintf("--until %q: %v", c.Until, err), "for example --until '2026-03-01 06:00'")
		}
	case !recurs && s.Kind == watch.OneTime:
		return s, usage("a silence needs an end", "give --for 2h, or --until T; quiet hours have --at and --length")
	}
	if s.Kind != watch.OneTime {
		return s, c.recurring(&s)
	}
	return s, nil
}

// recurring sets the times at which quiet hours and maintenance recur.
func (c *silenceAddCmd) recurring(s *watch.Silence) error {
	if c.At == "" || c.Length == "" {
		return usage("what recurs needs a time of the day and a length", "for example --at 22:00 --length 8h")
	}
	at, err := time.Parse("15:04", c.At)
	if err != nil {
		return usage(fmt.Sprintf("--at %q is no time of the day", c.At), "for example --at 22:00")
	}
	s.Start = at.Hour()*60 + at.Minute()
	if s.Length, err = schedule.ParseDuration(c.Length); err != nil {
		return usage(fmt.Sprintf("--length %q: %v", c.Length, err), "for example --length 8h")
	}
	if s.Days, err = parseDays(c.Days); err != nil {
		return usage(err.Error(), "for example --days mon-fri or --days sat,sun")
	}
	if s.Zone = c.Zone; s.Zone == "" {
		if s.Zone = time.Local.String(); s.Zone == "Local" {
			return usage("the time zone of this system has no name", "give --zone Europe/Berlin, for example")
		}
	}
	return nil
}

func usage(text, hint string) error { return &failure{exitUsage, errors.New(text), hint} }

// ahead reads a time, or how long it is from now.
func ahead(text string, now time.Time) (time.Time, error) {
	if d, err := schedule.ParseDuration(text); err == nil {
		return now.Add(d), nil
	}
	return instant(text, now)
}

func weekdays() []string { return []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} }

// parseDays reads days and spans of days; none: each day.
func parseDays(list []string) (days uint8, err error) {
	if len(list) == 0 {
		return 1<<7 - 1, nil
	}
	for _, text := range list {
		first, last, isSpan := strings.Cut(strings.ToLower(text), "-")
		if !isSpan {
			last = first
		}
		from, to := weekday(first), weekday(last)
		if from < 0 || to < 0 {
			return 0, fmt.Errorf("--days %q: there is no such day", text)
		}
		for day := from; ; day = (day + 1) % 7 {
			if days |= 1 << day; day == to {
				break
			}
		}
	}
	return days, nil
}

// weekday returns the number of a day from 0, by its first letters; -1 if there is none.
func weekday(name string) int {
	if len(name) < 3 {
		return -1
	}
	for i, day := range weekdays() {
		if strings.HasPrefix(name, day) {
			return i
		}
	}
	return -1
}

// dayNames are the names of days.
func dayNames(days uint8) []string {
	var list []string
	for i, name := range weekdays() {
		if days&(1<<i) != 0 {
			list = append(list, name)
		}
	}
	return list
}

// daysText says which days, shortly.
func daysText(days uint8) string {
	const all = 1<<7 - 1
	if days == all || days == 0 {
		return "daily"
	}
	var parts []string
	names := weekdays()
	for first := 0; first < len(names); first++ {
		last := first
		for last < len(names) && days&(1<<last) != 0 {
			last++
		}
		switch last - first {
		case 0:
			continue
		case 1:
			parts = append(parts, names[first])
		case 2:
			parts = append(parts, names[first], names[last-1])
		default:
			parts = append(parts, names[first]+"-"+names[last-1])
		}
		first = last
	}
	return strings.Join(parts, ",")
}
