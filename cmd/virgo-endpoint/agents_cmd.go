package main

import (
	"fmt"
	"log/slog"
	"math"
	"strconv"

	"virgo/cmd/virgo-endpoint/internal/folder"
)

type agentsCmd struct{}

func (agentsCmd) Help() string {
	return "CLOCK is the difference between an agent's clock and this host's at its last hello; \"right\" is within a second. " +
		"SCHEDULE is the file with the agent's checks and what is wrong with it; `virgo-endpoint schedule check` lists the mistakes."
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
	// ClockOffsetMS is null where the last hello had no time.
	ClockOffsetMS *int64 `json:"clock_offset_ms"`
	// Schedule is the name of the file with the agent's checks.
	Schedule         string   `json:"schedule"`
	ScheduleMistakes []string `json:"schedule_mistakes"`
}

func (agentsCmd) Run(a *app) error {
	st, err := a.store()
	if err != nil {
		return err
	}
	defer st.Close()
	list, err := st.Agents(a.ctx)
	if err != nil {
		return a.explain(err)
	}
	dir, err := a.folder()
	if err != nil {
		return err
	}
	schedules := folder.NewSchedules(dir.SchedulesDir(), slog.New(slog.DiscardHandler), a.now)
	if a.JSON {
		doc := agentsDocument{document{schemaVersion}, []agentEntry{}}
		for _, ag := range list {
			file, mistakes := scheduleMistakes(schedules, ag.ID)
			doc.Agents = append(doc.Agents, agentEntry{
				AgentID: ag.ID, Name: ag.Name, ProcessVersion: ag.ProcessVersion, BundleVersion: ag.BundleVersion,
				Remote: ag.Remote, FirstSeen: ms(ag.FirstSeen), LastSeen: ms(ag.LastSeen), Results: ag.Results,
				ClockOffsetMS: ag.ClockOffsetMS, Schedule: file, ScheduleMistakes: mistakes,
			})
		}
		return a.printJSON(doc)
	}
	var t table
	t.row("AGENT", "LAST SEEN", "FIRST SEEN", "RESULTS", "CLOCK", "VERSION", "FROM", "SCHEDULE", "NAME")
	for _, ag := range list {
		t.row(ag.ID, moment(ag.LastSeen), moment(ag.FirstSeen), strconv.FormatInt(ag.Results, 10),
			clock(ag.ClockOffsetMS), ag.ProcessVersion, ag.Remote, scheduleCell(schedules, ag.ID), ag.Name)
	}
	return a.print(t.text())
}

// scheduleMistakes returns the name of the file with an agent's checks and the mistakes in it.
func scheduleMistakes(s *folder.Schedules, agentID string) (file string, mistakes []string) {
	file, problems, err := s.Mistakes(agentID)
	mistakes = []string{}
	for _, p := range problems {
		mistakes = append(mistakes, folder.Describe(p))
	}
	if err != nil && len(mistakes) == 0 {
		mistakes = append(mistakes, err.Error())
	}
	return file, mistakes
}

func scheduleCell(s *folder.Schedules, agentID string) string {
	file, mistakes := scheduleMistakes(s, agentID)
	switch len(mistakes) {
	case 0:
		return file
	case 1:
		return file + ": 1 mistake"
	default:
		return fmt.Sprintf("%s: %d mistakes", file, len(mistakes))
	}
}

// clock describes an agent's clock, which is offset ms behind this host's.
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
