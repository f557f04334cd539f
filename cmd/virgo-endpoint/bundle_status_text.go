package main

import (
	"fmt"
	"strings"

	"virgo/cmd/internal/term"
	"virgo/cmd/virgo-endpoint/internal/releases"
	"virgo/schedule/shorttext"
)

const (
	// maxStatusRows is how many agents bundle status lists without --all.
	maxStatusRows = 50
	// maxVersionsShown is how many versions a line counts; agents may say anything.
	maxVersionsShown = 5
	maxVersionShown  = 40 // bytes of one
)

// bundleStatus is what is offered, how many agents have which version, and the agents.
func (a *app) bundleStatus(doc *bundleStatusDocument, rollout *releases.Rollout, all bool) []byte {
	var text strings.Builder
	if rollout == nil {
		fmt.Fprintf(&text, "%s, channel %s: nothing was published\n", doc.Bundle, doc.Channel)
	} else {
		e := newRolloutEntry(doc.Channel, doc.Bundle, rollout)
		fmt.Fprintf(&text, "%s, channel %s: %s\n", doc.Bundle, doc.Channel, e.sentence())
	}
	if len(doc.Agents) > 0 {
		fmt.Fprintf(&text, "%s: %s\n", term.Count(len(doc.Agents), "agent", "agents"), doc.standings())
		fmt.Fprintf(&text, "bundles: %s\n", versionsText(doc.Versions))
	}
	if doc.Others > 0 && !releases.IsPrograms(doc.Bundle) {
		text.WriteString(term.Count(doc.Others, "agent takes", "agents take") + " no bundles, or another one\n")
	}
	if len(doc.Programs) > 0 {
		fmt.Fprintf(&text, "programs: %s\n", versionsText(doc.Programs))
	}
	if len(doc.Agents) == 0 {
		return []byte(text.String())
	}
	rows, left, why := doc.Agents, 0, ""
	if !all && len(rows) > maxStatusRows {
		rows, left, why = doc.differing()
	}
	b := []byte(text.String())
	if len(rows) > 0 {
		b = append(append(b, '\n'), a.followersTable(rows)...)
	}
	if left > 0 {
		b = fmt.Appendf(b, "\nand %s%s; --all lists them\n", term.Count(left, "more agent", "more agents"), why)
	}
	return b
}

func (a *app) followersTable(rows []followerEntry) []byte {
	now := a.now()
	t := table{columns: []column{
		{head: "AGENT"}, {head: "HAS"}, {head: "OFFERED"}, {head: "PROGRAMS", drop: 2}, {head: "SEEN", drop: 1}, {head: "STATE"},
	}}
	for i := range rows {
		e := &rows[i]
		color := term.Plain
		if e.order < 2 {
			color = term.Bad
		}
		t.cells(
			term.Cell{Text: e.AgentID}, term.Cell{Text: dash(e.Version)}, term.Cell{Text: dash(e.Offered)},
			term.Cell{Text: dash(e.Programs)},
			term.Cell{Text: ago(timeOf(e.LastSeen), now)}, term.Cell{Text: e.words(), Color: color})
	}
	return t.text(a.width(), leastSummary, a.color())
}

// standings counts the agents by what a person has to know of them.
func (doc *bundleStatusDocument) standings() string {
	var n [ordersOfFollowers]int
	for i := range doc.Agents {
		n[doc.Agents[i].order]++
	}
	var parts []string
	for order, words := range [ordersOfFollowers]string{
		"went back", "refused a version", "do not have yet what they are offered", "on trial", "up to date",
	} {
		if n[order] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[order], words))
		}
	}
	return strings.Join(parts, ", ")
}

// versionsText counts agents by version.
func versionsText(counts []versionCount) string {
	var parts []string
	others, agents := 0, 0
	for i, c := range counts {
		if i >= maxVersionsShown {
			others, agents = others+1, agents+c.Agents
			continue
		}
		version := shorttext.Truncate(shorttext.Sanitize(c.Version), maxVersionShown)
		if version == "" {
			version = "none"
		}
		parts = append(parts, fmt.Sprintf("%d with %s", c.Agents, version))
	}
	if others > 0 {
		parts = append(parts, fmt.Sprintf("%d with %s", agents, term.Count(others, "other version", "other versions")))
	}
	return strings.Join(parts, ", ")
}

// differing returns the agents that are not up to date, or have other programs than most, as far as they are listed;
// how many are not, and in words whether some of these differ too.
func (doc *bundleStatusDocument) differing() (rows []followerEntry, left int, why string) {
	usual := ""
	if len(doc.Programs) > 0 {
		usual = doc.Programs[0].Version
	}
	for i := range doc.Agents {
		if e := &doc.Agents[i]; e.order < ordersOfFollowers-1 || e.Programs != usual {
			rows = append(rows, *e)
		}
	}
	more := max(0, len(rows)-maxStatusRows)
	rows = rows[:len(rows)-more]
	left = len(doc.Agents) - len(rows)
	if more > 0 {
		why = fmt.Sprintf(", of which %d differ", more)
	}
	return rows, left, why
}

// words say how the agent's bundle does.
func (e *followerEntry) words() string {
	standing := releases.ParseStanding(e.State)
	text := standing.Word
	switch {
	case standing == releases.Standing{None: true}:
		return "no bundle"
	case text == "trial":
		text = "on trial"
	case text == "back":
		text = "went back from " + standing.Version
	case standing.Version != "":
		text += " " + standing.Version
	}
	if standing.Reason != "" {
		text += ": " + standing.Reason
	}
	return text
}
