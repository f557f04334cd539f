package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strconv"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/schedule/shorttext"
	"virgo/transport/agentkey"
)

type agentsListCmd struct {
	All bool `help:"List removed agents too, as long as results of theirs are stored."`
}

func (agentsListCmd) Help() string {
	return "STATE: registered (its key is known), no key (it uses a token of kind legacy, or only bundles of it were imported), revoked, removed. " +
		"KEY is the key's fingerprint; virgo key show prints it on the host. SESSION is the number of the agent's last session. " +
		"GROUP is that of the token by which the agent enrolled. " +
		"CLOCK is the difference between an agent's clock and this host's at its last hello; \"right\" is within a second. " +
		"SCHEDULE is the file with the agent's checks and what is wrong with it; `virgo-endpoint schedule check` lists the mistakes. " +
		"REFUSED is how many of its checks the host's owner does not allow at present (`virgo policy suggest` on the host prints rules that would). " +
		"Warnings follow the table: a key that two hosts use, another key that was refused."
}

type agentsDocument struct {
	document
	Agents []agentEntry `json:"agents"`
}

type agentEntry struct {
	AgentID string `json:"agent_id"`
	Name    string `json:"agent_name"`
	// State is registered, no key, revoked or removed.
	State string `json:"state"`
	Group string `json:"group"`
	// Key is the fingerprint of the registered key, AgentKey the key itself; null where there is none.
	// RegisteredFrom and TokenID are empty where a person registered it.
	Key            *string        `json:"key"`
	AgentKey       *string        `json:"agent_key"`
	Registered     *int64         `json:"registered_ms"`
	RegisteredFrom string         `json:"registered_from"`
	TokenID        string         `json:"token_id"`
	Relay          bool           `json:"relay"`
	Session        uint64         `json:"session"`
	SessionFalls   int64          `json:"session_falls"`
	OtherKeys      int64          `json:"other_keys"`
	Revoked        *int64         `json:"revoked_ms"`
	Removed        *int64         `json:"removed_ms"`
	Warnings       []warningEntry `json:"warnings"`
	ProcessVersion string         `json:"process_version"`
	BundleVersion  string         `json:"bundle_version"`
	Remote         string         `json:"remote"`
	FirstSeen      *int64         `json:"first_seen_ms"`
	LastSeen       *int64         `json:"last_seen_ms"`
	Results        int64          `json:"results"`
	// RefusedChecks is how many of its checks the owner of the host refuses at present.
	RefusedChecks int64 `json:"refused_checks"`
	// ClockOffsetMS is null where the last hello had no time.
	ClockOffsetMS *int64 `json:"clock_offset_ms"`
	// Schedule is the name of the file with the agent's checks.
	Schedule         string   `json:"schedule"`
	ScheduleMistakes []string `json:"schedule_mistakes"`
}

type warningEntry struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// A listedAgent is an agent with who it is.
type listedAgent struct {
	intake.Agent
	intake.Identity
}

func (c *agentsListCmd) Run(a *app) error {
	list, err := c.agents(a)
	if err != nil {
		return err
	}
	dir, err := a.folder()
	if err != nil {
		return err
	}
	schedules := folder.NewSchedules(dir.SchedulesDir(), slog.New(slog.DiscardHandler), a.now)
	if a.JSON {
		doc := agentsDocument{document{schemaVersion}, []agentEntry{}}
		for i := range list {
			doc.Agents = append(doc.Agents, a.entry(&list[i], schedules))
		}
		return a.printJSON(doc)
	}
	return a.print(a.agentsTable(list, schedules))
}

// agents joins what is stored about results with who the agents are.
func (c *agentsListCmd) agents(a *app) ([]listedAgent, error) {
	st, err := a.store()
	if err != nil {
		return nil, err
	}
	defer st.Close()
	identities, err := st.Identities(a.ctx)
	if err != nil {
		return nil, a.explain(err)
	}
	agents, err := st.Agents(a.ctx)
	if err != nil {
		return nil, a.explain(err)
	}
	contacts := make(map[string]intake.Agent, len(agents))
	for _, ag := range agents {
		contacts[ag.ID] = ag
	}
	var list []listedAgent
	for _, i := range identities {
		if i.Removed.IsZero() || c.All {
			list = append(list, listedAgent{contacts[i.AgentID], i})
		}
	}
	return list, nil
}

func (a *app) entry(ag *listedAgent, schedules *folder.Schedules) agentEntry {
	file, mistakes := scheduleMistakes(schedules, ag.AgentID)
	e := agentEntry{
		AgentID: ag.AgentID, Name: ag.Name, State: ag.state(), Group: ag.Group,
		Registered: ms(ag.Registered), RegisteredFrom: ag.From, TokenID: ag.TokenID, Relay: ag.Relay,
		Session: ag.Sessions.Last, SessionFalls: ag.Sessions.Falls, OtherKeys: ag.OtherKeys.Count,
		Revoked: ms(ag.Revoked), Removed: ms(ag.Removed), Warnings: []warningEntry{},
		ProcessVersion: ag.ProcessVersion, BundleVersion: ag.BundleVersion,
		Remote: ag.Remote, FirstSeen: ms(ag.FirstSeen), LastSeen: ms(ag.LastSeen), Results: ag.Results, RefusedChecks: ag.RefusedChecks,
		ClockOffsetMS: ag.ClockOffsetMS, Schedule: file, ScheduleMistakes: mistakes,
	}
	if ag.Key != nil {
		name, key := agentkey.Fingerprint(ag.Key), agentkey.Encode(ag.Key)
		e.Key, e.AgentKey = &name, &key
	}
	for _, w := range ag.Warnings(a.now()) {
		e.Warnings = append(e.Warnings, warningEntry(w))
	}
	return e
}

func (a *app) agentsTable(list []listedAgent, schedules *folder.Schedules) []byte {
	var t table
	var warnings bytes.Buffer
	const groupColumn, refusedColumn = 2, 8
	rows := [][]string{{"AGENT", "STATE", "GROUP", "KEY", "LAST SEEN", "FIRST SEEN", "SESSION", "RESULTS", "REFUSED", "CLOCK", "VERSION",
		"FROM", "SCHEDULE", "NAME"}}
	groups := slices.ContainsFunc(list, func(ag listedAgent) bool { return ag.Group != "" })
	refused := slices.ContainsFunc(list, func(ag listedAgent) bool { return ag.RefusedChecks > 0 })
	for i := range list {
		ag := &list[i]
		rows = append(rows, []string{ag.AgentID, ag.state(), dash(ag.Group), ag.fingerprint(), moment(ag.LastSeen), moment(ag.FirstSeen), ag.session(),
			strconv.FormatInt(ag.Results, 10), strconv.FormatInt(ag.RefusedChecks, 10), clock(ag.ClockOffsetMS), ag.ProcessVersion, ag.Remote,
			scheduleCell(schedules, ag.AgentID), ag.Name})
		for _, w := range ag.Warnings(a.now()) {
			fmt.Fprintf(&warnings, "%s: %s\n", shorttext.Sanitize(ag.AgentID), shorttext.Sanitize(w.Text))
		}
	}
	for _, row := range rows {
		if !refused {
			row = slices.Delete(row, refusedColumn, refusedColumn+1)
		}
		if !groups {
			row = slices.Delete(row, groupColumn, groupColumn+1)
		}
		t.row(row...)
	}
	text := t.text()
	if warnings.Len() > 0 {
		text = append(append(text, '\n'), warnings.Bytes()...)
	}
	return text
}

func (ag *listedAgent) state() string {
	switch {
	case !ag.Removed.IsZero():
		return "removed"
	case !ag.Revoked.IsZero():
		return "revoked"
	case ag.Key != nil:
		return "registered"
	}
	return "no key"
}

// fingerprint is that of the key; a dash if there is none.
func (ag *listedAgent) fingerprint() string {
	if ag.Key == nil {
		return "-"
	}
	return agentkey.Fingerprint(ag.Key)
}

func (ag *listedAgent) session() string {
	if ag.Sessions.Last == 0 {
		return "-"
	}
	return strconv.FormatUint(ag.Sessions.Last, 10)
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
