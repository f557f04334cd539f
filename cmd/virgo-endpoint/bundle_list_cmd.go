package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/releases"
)

type bundleListCmd struct {
	All bool `help:"Every version that was published."`
}

func (bundleListCmd) Help() string {
	return "Prints what each channel offers. bundle status lists the agents."
}

// A rolloutEntry is a roll-out in a document.
type rolloutEntry struct {
	Channel string `json:"channel"`
	Bundle  string `json:"bundle"`
	// Target is the version that the chosen agents are offered, Before that of the others; empty: none.
	Target   string             `json:"target"`
	Before   string             `json:"before"`
	Percent  int                `json:"percent"`
	Tags     []string           `json:"tags"`
	Paused   bool               `json:"paused"`
	Releases []releases.Release `json:"releases"`
}

func newRolloutEntry(channel, name string, r *releases.Rollout) rolloutEntry {
	return rolloutEntry{channel, name, r.Target, r.Before, r.Percent, orEmpty(r.Tags), r.Paused, append([]releases.Release{}, r.Releases...)}
}

// whom says which agents get the target.
func (e *rolloutEntry) whom() string {
	text := "all agents"
	if e.Percent < 100 {
		text = fmt.Sprintf("%d %% of the agents", e.Percent)
	}
	if len(e.Tags) > 0 {
		text += " with the tag " + strings.Join(e.Tags, " or ")
	}
	return text
}

// sentence says who gets what.
func (e *rolloutEntry) sentence() string {
	others := "the others are offered none"
	if e.Before != "" {
		others = "the others " + e.Before
	}
	switch {
	case e.Target == "":
		return "no version is offered"
	case e.Paused && e.Before == "":
		return e.Target + " is paused, and no other version is offered"
	case e.Paused:
		return e.Target + " is paused, all agents are offered " + e.Before
	case e.Percent == 100 && len(e.Tags) == 0:
		return e.Target + " for all agents"
	}
	return e.Target + " for " + e.whom() + ", " + others
}

type bundlesDocument struct {
	document
	Rollouts []rolloutEntry `json:"rollouts"`
	Keys     []bundleKey    `json:"keys"`
}

// A bundleKey is a key whose signatures are accepted.
type bundleKey struct {
	ID      string `json:"id"`
	Until   *int64 `json:"until_ms"`
	Revoked bool   `json:"revoked"`
}

func (c *bundleListCmd) Run(a *app) error {
	s, err := a.releases()
	if err != nil {
		return err
	}
	channels, err := s.Channels()
	if err != nil {
		return a.damagedChannels(err)
	}
	ring, err := s.Keys()
	if err != nil {
		return a.explain(err)
	}
	doc := bundlesDocument{document{schemaVersion}, []rolloutEntry{}, []bundleKey{}}
	for _, channel := range slices.Sorted(maps.Keys(channels.Channels)) {
		of := channels.Channels[channel].Bundles
		for _, name := range slices.Sorted(maps.Keys(of)) {
			doc.Rollouts = append(doc.Rollouts, newRolloutEntry(channel, name, of[name]))
		}
	}
	for _, k := range ring {
		doc.Keys = append(doc.Keys, bundleKey{k.ID, ms(k.Until), k.Revoked})
	}
	switch {
	case a.JSON:
		return a.printJSON(doc)
	case len(doc.Rollouts) == 0:
		return a.print([]byte("no bundle was published\n"))
	case c.All:
		return a.printTable(versionsTable(&doc, a.now()))
	}
	return a.printTable(rolloutsTable(&doc))
}

func rolloutsTable(doc *bundlesDocument) *table {
	t := &table{columns: []column{{head: "CHANNEL"}, {head: "BUNDLE"}, {head: "OFFERED"}, {head: "TO"}, {head: "OTHERS", optional: true}}}
	for i := range doc.Rollouts {
		e := &doc.Rollouts[i]
		to, others := e.whom(), e.Before
		switch {
		case e.Target == "":
			to = "-"
		case e.Paused:
			to = "nobody: paused"
		case e.Percent == 100 && len(e.Tags) == 0:
			others = ""
		}
		t.row(e.Channel, e.Bundle, dash(e.Target), to, dash(others))
	}
	return t
}

func versionsTable(doc *bundlesDocument, now time.Time) *table {
	t := &table{columns: []column{{head: "CHANNEL"}, {head: "BUNDLE"}, {head: "VERSION"}, {head: "PUBLISHED"}, {head: "SIGNED BY", drop: 1}, {head: "STATE"}}}
	for i := range doc.Rollouts {
		e := &doc.Rollouts[i]
		for _, r := range slices.Backward(e.Releases) {
			state := "-"
			switch r.Version {
			case e.Target:
				state = "offered to " + e.whom()
				if e.Paused {
					state = "paused"
				}
			case e.Before:
				state = "offered to the others"
			}
			if r.Withdrawn {
				state = "withdrawn"
			}
			t.row(e.Channel, e.Bundle, r.Version, ago(time.UnixMilli(r.PublishedMS), now), r.SignedBy, state)
		}
	}
	return t
}
