package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"virgo/cmd/internal/term"
	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/alarm"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/shorttext"
)

type silenceCmd struct {
	Add  silenceAddCmd  `cmd:"" help:"Hold notifications back for a time, or at times that recur."`
	List silenceListCmd `cmd:"" help:"List the silences."`
	End  silenceEndCmd  `cmd:"" help:"End a silence now: what it held back is told in one summary."`
}

type silenceListCmd struct {
	All bool `help:"Those that ended within the last 90 days too."`
}

type silenceEndCmd struct {
	ID int64 `arg:"" help:"The silence's number."`
}

// A silenceEntry is a silence in a document.
type silenceEntry struct {
	ID           int64    `json:"id"`
	Kind         string   `json:"kind"`
	Active       bool     `json:"active"`
	Until        *int64   `json:"active_until_ms"`
	Hosts        []string `json:"hosts"`
	Tags         []string `json:"tags"`
	Rules        []string `json:"rules"`
	From         *int64   `json:"from_ms"`
	To           *int64   `json:"until_ms"`
	Days         []string `json:"days"`
	At           string   `json:"at"`
	Length       int64    `json:"length_ms"`
	Zone         string   `json:"zone"`
	PassCritical bool     `json:"pass_critical"`
	Reason       string   `json:"reason"`
	By           string   `json:"by"`
	Ended        *int64   `json:"ended_ms"`
}

type silencesDocument struct {
	document
	Silences []silenceEntry `json:"silences"`
}

func (c *silenceListCmd) Run(a *app) error {
	list, err := a.silences(c.All)
	if err != nil {
		return err
	}
	now := a.now()
	if a.JSON {
		doc := silencesDocument{document{schemaVersion}, []silenceEntry{}}
		for i := range list {
			doc.Silences = append(doc.Silences, silenceOf(&list[i], now))
		}
		return a.printJSON(doc)
	}
	if len(list) == 0 {
		return a.print([]byte("no silences\n"))
	}
	t := table{columns: []column{{head: "ID"}, {head: "KIND"}, {head: "STATE"}, {head: "WHEN"}, {head: "FOR"}, {head: "BY", drop: 2}, {head: "REASON", optional: true}}}
	for i := range list {
		s := &list[i]
		state, color := silenceState(s, now)
		kind := string(s.Kind)
		if s.PassCritical {
			kind += " (critical passes)"
		}
		t.cells(term.Cell{Text: strconv.FormatInt(s.ID, 10)}, term.Cell{Text: kind}, term.Cell{Text: state, Color: color}, term.Cell{Text: silenceTimes(s)},
			term.Cell{Text: silenceScope(s)}, term.Cell{Text: dash(s.By)}, term.Cell{Text: dash(s.Reason)})
	}
	return a.print(t.text(a.width(), 0, a.color()))
}

// silences reads the silences; none where there is no control.db.
func (a *app) silences(ended bool) (list []watch.Silence, err error) {
	dir, err := a.folder()
	if err != nil {
		return nil, err
	}
	db, err := a.controlToRead(dir)
	if db == nil || err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	list, err = db.Silences().All(a.ctx, ended)
	return list, a.explain(err)
}

func silenceOf(s *watch.Silence, now time.Time) silenceEntry {
	e := silenceEntry{ID: s.ID, Kind: string(s.Kind), Hosts: orEmpty(s.Hosts), Tags: orEmpty(s.Tags), Rules: orEmpty(s.Rules), From: ms(s.From), To: ms(s.Until),
		Days: orEmpty(dayNames(s.Days)), Length: s.Length.Milliseconds(), Zone: s.Zone, PassCritical: s.PassCritical, Reason: s.Reason, By: s.By, Ended: ms(s.Ended)}
	if s.Kind != watch.OneTime {
		e.At = timeOfDay(s.Start)
	}
	if span, active := alarm.Active(s, now); active {
		e.Active, e.Until = true, ms(span.Until)
	}
	return e
}

// silenceState says whether a silence holds notifications back, and until when.
func silenceState(s *watch.Silence, now time.Time) (string, term.Color) {
	if span, active := alarm.Active(s, now); active {
		if span.Until.IsZero() {
			return "active", term.Good
		}
		return "active, " + term.Age(span.Until.Sub(now).Round(time.Second)) + " left", term.Good
	}
	switch {
	case !s.Ended.IsZero():
		return "ended " + ago(s.Ended, now), term.Faint
	case !s.Until.IsZero() && !now.Before(s.Until):
		return "over " + ago(s.Until, now), term.Faint
	case s.Kind == watch.OneTime:
		return "begins " + ago(s.From, now), term.Plain
	}
	if next, ok := alarm.Next(s, now); ok {
		return "next " + ago(next.From, now), term.Plain
	}
	return "waits", term.Plain
}

func silenceTimes(s *watch.Silence) string {
	if s.Kind == watch.OneTime {
		return moment(s.From) + " to " + moment(s.Until)
	}
	text := fmt.Sprintf("%s at %s for %s, %s", daysText(s.Days), timeOfDay(s.Start), term.Age(s.Length), s.Zone)
	if !s.Until.IsZero() {
		text += ", until " + moment(s.Until)
	}
	return text
}

// silenceScope says what a silence is for.
func silenceScope(s *watch.Silence) string {
	var parts []string
	for _, p := range []struct {
		name string
		list []string
	}{{"hosts ", s.Hosts}, {"tags ", s.Tags}, {"rules ", s.Rules}} {
		if len(p.list) > 0 {
			parts = append(parts, p.name+strings.Join(p.list, ","))
		}
	}
	if len(parts) == 0 {
		return "all"
	}
	return strings.Join(parts, "; ")
}

func timeOfDay(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

func (c *silenceEndCmd) Run(a *app) error {
	err := a.administer(nil, func(ad *admin.Admin, by watch.Actor) error {
		s, err := ad.EndSilence(a.ctx, by, c.ID, admin.Match{Any: true})
		if err != nil {
			return err
		}
		return a.printSilence(&s, "ended")
	})
	return a.explainSilence(err)
}

// printSilence prints a silence that was changed.
func (a *app) printSilence(s *watch.Silence, done string) error {
	if a.JSON {
		return a.printJSON(silencesDocument{document{schemaVersion}, []silenceEntry{silenceOf(s, a.now())}})
	}
	return a.print(fmt.Appendf(nil, "silence %d %s: %s, for %s\n", s.ID, done, shorttext.Sanitize(silenceTimes(s)), shorttext.Sanitize(silenceScope(s))))
}

// explainSilence is explain with what may be wrong about silences.
func (a *app) explainSilence(err error) error {
	var invalid *admin.Invalid
	switch {
	case errors.Is(err, watch.ErrNoSuchSilence):
		return &failure{exitUsage, err, "virgo-endpoint silence list --dir " + shorttext.QuoteShell(a.Dir)}
	case errors.As(err, &invalid):
		return &failure{exitUsage, err, "virgo-endpoint silence add --help"}
	}
	return a.explain(err)
}
