package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/releases"
)

type bundleStatusCmd struct {
	rolloutFlags
	Tag []string `placeholder:"TAG" help:"Only agents with this tag; repeated: with all of them."`
	All bool     `help:"Also the agents that have what they should, however many there are."`
}

func (bundleStatusCmd) Help() string {
	return "Counts the agents that follow the bundle in the channel by what they have, as they said in " +
		"their last session, and all agents by the version of their programs. Then it lists them: those " +
		"that went back from a version first, with the reason, then those that do not have yet what they " +
		"are offered, those on trial, and those with other programs than most. Of more than " +
		fmt.Sprint(maxStatusRows) + " agents the others are left out without --all. A version is on trial " +
		"until its checks have run several times. Agents with bundles: manual report what they have, but " +
		"fetch nothing by themselves."
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
	// Programs is the version of its programs.
	Programs string `json:"process_version"`

	order int // the worst first
}

// ordersOfFollowers is how many orders there are; the last is of the agents that are up to date.
const ordersOfFollowers = 5

type bundleStatusDocument struct {
	document
	Channel string          `json:"channel"`
	Bundle  string          `json:"bundle"`
	Agents  []followerEntry `json:"agents"`
	// Others is the number of agents that take no bundles, or another one.
	Others int `json:"other_agents"`
	// Versions counts the agents by the version of the bundle that they have, Programs all agents, those without it too, by
	// that of their programs; the most frequent first. Version "" is none.
	Versions []versionCount `json:"versions"`
	Programs []versionCount `json:"programs"`
}

// A versionCount is how many agents have a version.
type versionCount struct {
	Version string `json:"version"`
	Agents  int    `json:"agents"`
}

// countVersions counts versions, the most frequent first.
func countVersions(all []string) []versionCount {
	agents := map[string]int{}
	for _, version := range all {
		agents[version]++
	}
	counts := []versionCount{}
	for version, n := range agents {
		counts = append(counts, versionCount{version, n})
	}
	slices.SortFunc(counts, func(a, b versionCount) int {
		return cmp.Or(cmp.Compare(b.Agents, a.Agents), strings.Compare(a.Version, b.Version))
	})
	return counts
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
	var versions, programs []string
	for i := range list {
		ag := &list[i]
		if !ag.Who.Removed.IsZero() || slices.ContainsFunc(c.Tag, func(tag string) bool { return !slices.Contains(ag.Who.Tags, tag) }) {
			continue
		}
		programs = append(programs, ag.ProcessVersion)
		switch {
		case ag.BundleState == "", cmp.Or(ag.BundleName, releases.DefaultName) != name,
			cmp.Or(ag.BundleChannel, releases.DefaultChannel) != c.Channel:
			doc.Others++
		default:
			e := newFollowerEntry(ag, rollout, name)
			doc.Agents, versions = append(doc.Agents, e), append(versions, e.Version)
		}
	}
	doc.Versions, doc.Programs = countVersions(versions), countVersions(programs)
	slices.SortStableFunc(doc.Agents, func(x, y followerEntry) int {
		return cmp.Or(cmp.Compare(x.order, y.order), cmp.Compare(x.AgentID, y.AgentID))
	})
	if a.JSON {
		return a.printJSON(doc)
	}
	return a.print(a.bundleStatus(&doc, rollout, c.All))
}

func newFollowerEntry(ag *intake.Agent, rollout *releases.Rollout, name string) followerEntry {
	e := followerEntry{AgentID: ag.ID, Version: ag.BundleVersion, State: ag.BundleState, LastSeen: ms(ag.LastSeen), Programs: ag.ProcessVersion}
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
		e.order = ordersOfFollowers - 1
	}
	return e
}
