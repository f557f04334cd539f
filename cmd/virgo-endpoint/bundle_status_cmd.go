package main

import (
	"cmp"
	"fmt"
	"slices"

	"virgo/cmd/internal/term"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/releases"
)

type bundleStatusCmd struct {
	rolloutFlags
	Tag []string `placeholder:"TAG" help:"Only agents with this tag; repeated: with all of them."`
}

func (bundleStatusCmd) Help() string {
	return "Lists the agents that follow the bundle in the channel, as they said in their last session: those that went back from a version first, " +
		"with the reason, then those that do not have yet what they are offered, those on trial, and the others. " +
		"A version is on trial until its checks have run several times. Agents with bundles: manual report what they have, but fetch nothing by themselves."
}

// A followerEntry is an agent in a document.
type followerEntry struct {
	AgentID string `json:"agent_id"`
	// Version is what it has; empty: no bundle. Offered is what it is offered; empty: nothing.
	Version string `json:"version"`
	Offered string `json:"offered"`
	// State is its own words: none, trial, good, or back VERSION: REASON.
	State    string `json:"state"`
	LastSeen *int64 `json:"last_seen_ms"`

	order int // the worst first
}

type bundleStatusDocument struct {
	document
	Channel string          `json:"channel"`
	Bundle  string          `json:"bundle"`
	Agents  []followerEntry `json:"agents"`
	// Others is the number of agents that take no bundles, or another one.
	Others int `json:"other_agents"`
}

func (c *bundleStatusCmd) Run(a *app) error {
	_, channels, name, err := c.chosen(a)
	if err != nil {
		return err
	}
	st, err := a.store()
	if err != nil {
		return err
	}
	defer st.Close()
	list, err := st.Agents(a.ctx, "")
	if err != nil {
		return a.explain(err)
	}
	doc := bundleStatusDocument{document: document{schemaVersion}, Channel: c.Channel, Bundle: name, Agents: []followerEntry{}}
	rollout := channels.Rollout(c.Channel, name)
	for i := range list {
		ag := &list[i]
		switch {
		case !ag.Who.Removed.IsZero(), slices.ContainsFunc(c.Tag, func(tag string) bool { return !slices.Contains(ag.Who.Tags, tag) }):
		case ag.BundleState == "", cmp.Or(ag.BundleName, releases.DefaultName) != name,
			cmp.Or(ag.BundleChannel, releases.DefaultChannel) != c.Channel:
			doc.Others++
		default:
			doc.Agents = append(doc.Agents, newFollowerEntry(ag, rollout, name))
		}
	}
	slices.SortStableFunc(doc.Agents, func(x, y followerEntry) int {
		return cmp.Or(cmp.Compare(x.order, y.order), cmp.Compare(x.AgentID, y.AgentID))
	})
	if a.JSON {
		return a.printJSON(doc)
	}
	return a.print(a.bundleStatus(&doc, rollout))
}

func newFollowerEntry(ag *intake.Agent, rollout *releases.Rollout, name string) followerEntry {
	e := followerEntry{AgentID: ag.ID, Version: ag.BundleVersion, State: ag.BundleState, LastSeen: ms(ag.LastSeen)}
	standing := releases.ParseStanding(e.State)
	if standing.None {
		e.Version = ""
	}
	if rollout != nil {
		if r := rollout.For(name, ag.ID, func() []string { return ag.Who.Tags }); r != nil {
			e.Offered = r.Version
		}
	}
	switch {
	case standing.Word == "back":
		e.order = 0
	case standing.Bad():
		e.order = 1
	case e.Offered != "" && releases.IsNews(e.Offered, ag.BundleVersion, e.State):
		e.order = 2
	case standing.Word == "trial":
		e.order = 3
	default:
		e.order = 4
	}
	return e
}

// bundleStatus is what is offered, how many agents have which version, and the agents.
func (a *app) bundleStatus(doc *bundleStatusDocument, rollout *releases.Rollout) []byte {
	text := fmt.Sprintf("%s, channel %s: nothing was published\n", doc.Bundle, doc.Channel)
	if rollout != nil {
		e := newRolloutEntry(doc.Channel, doc.Bundle, rollout)
		text = fmt.Sprintf("%s, channel %s: %s\n", doc.Bundle, doc.Channel, e.sentence())
	}
	if doc.Others > 0 {
		text += term.Count(int64(doc.Others), "agent takes", "agents take") + " no bundles, or another one\n"
	}
	if len(doc.Agents) == 0 {
		return []byte(text)
	}
	now := a.now()
	t := table{columns: []column{{head: "AGENT"}, {head: "HAS"}, {head: "OFFERED"}, {head: "SEEN", drop: 1}, {head: "STATE"}}}
	for i := range doc.Agents {
		e := &doc.Agents[i]
		color := term.Plain
		if e.order < 2 {
			color = term.Bad
		}
		t.cells(term.Cell{Text: e.AgentID}, term.Cell{Text: dash(e.Version)}, term.Cell{Text: dash(e.Offered)},
			term.Cell{Text: ago(timeOf(e.LastSeen), now)}, term.Cell{Text: e.words(), Color: color})
	}
	return append([]byte(text+"\n"), t.text(a.width(), leastSummary, a.color())...)
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
