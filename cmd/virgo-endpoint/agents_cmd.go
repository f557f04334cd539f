package main

import (
	"math"
	"strconv"
)

type agentsCmd struct{}

func (agentsCmd) Help() string {
	return "CLOCK is how an agent's clock stood beside this host's at its last hello; \"right\" is within a second."
}

type agentsDocument struct {
	document
	Agents []agentEntry `json:"agents"`
}

type agentEntry struct {
	AgentID        string `json:"agent_id"`
	Name           string `json:"agent_name"`
	ProcessVersion string `json:"process_version"`
	BundleVersion  string `json:"bundle_version"`
	Remote         string `json:"remote"`
	FirstSeen      *int64 `json:"first_seen_ms"`
	LastSeen       *int64 `json:"last_seen_ms"`
	Results        int64  `json:"results"`
	// ClockOffsetMS is null where the last hello told no time.
	ClockOffsetMS *int64 `json:"clock_offset_ms"`
}

func (agentsCmd) Run(a *app) error {
	store, err := a.store()
	if err != nil {
		return err
	}
	defer store.Close()
	list, err := store.Agents(a.ctx)
	if err != nil {
		return a.explain(err)
	}
	if a.JSON {
		doc := agentsDocument{document{schemaVersion}, []agentEntry{}}
		for _, ag := range list {
			doc.Agents = append(doc.Agents, agentEntry{
				AgentID: ag.ID, Name: ag.Name, ProcessVersion: ag.ProcessVersion, BundleVersion: ag.BundleVersion,
				Remote: ag.Remote, FirstSeen: ms(ag.FirstSeen), LastSeen: ms(ag.LastSeen), Results: ag.Results,
				ClockOffsetMS: ag.ClockOffsetMS,
			})
		}
		return a.printJSON(doc)
	}
	var t table
	t.row("AGENT", "LAST SEEN", "FIRST SEEN", "RESULTS", "CLOCK", "VERSION", "FROM", "NAME")
	for _, ag := range list {
		t.row(ag.ID, moment(ag.LastSeen), moment(ag.FirstSeen), strconv.FormatInt(ag.Results, 10),
			clock(ag.ClockOffsetMS), ag.ProcessVersion, ag.Remote, ag.Name)
	}
	return a.print(t.text())
}

// clock says how an agent's clock stands beside this host's, of which it is offset ms behind.
func clock(offset *int64) string {
	switch {
	case offset == nil:
		return "-"
	case *offset > 1000:
		return span(*offset) + " behind"
	case *offset < -1000:
		return span(-max(*offset, -math.MaxInt64)) + " ahead"
	}
	return "right"
}
