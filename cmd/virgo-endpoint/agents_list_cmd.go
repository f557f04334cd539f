package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"virgo/cmd/internal/term"
	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/report"
	"virgo/schedule/shorttext"
)

type agentsListCmd struct {
	All    bool     `help:"List removed agents too, as long as results of theirs are stored."`
	Wide   bool     `help:"All columns, also on a narrow terminal."`
	Tag    []string `placeholder:"TAG" help:"Only agents with this tag; repeated: with all of them."`
	Group  string   `placeholder:"NAME" help:"Only agents of this group."`
	State  []string `placeholder:"STATE" help:"Only agents of which this is one of the states; may be repeated."`
	FailOn []string `name:"fail-on" placeholder:"STATE" help:"Exit with 6 if a listed agent has this state; may be repeated; any is for all that are worse than ok."`
}

func (agentsListCmd) Help() string {
	return "The worst first. STATE, from the worst on: silent (no contact for more than two of its periods), unavailable (of so many checks), " +
		"warning (see below the table), late (no contact for one and a half periods), waiting (so many results wait on its host), " +
		"refused (so many checks its host's owner does not allow: `virgo policy suggest` there prints rules that would), never seen, ok, revoked. " +
		"An agent's period is the shortest of its checks; one whose results come in bundles is not called silent or late. " +
		"\"no key\" means that it uses a token of kind legacy, or that only bundles of it were imported. " +
		"SEEN is how long ago its last contact was. CLOCK is how far its clock is from this host's, as of its last hello; \"right\" is within a second. " +
		"Below the table: warnings (a key that two hosts use, another key that was refused), mistakes in schedules. " +
		"On a narrow terminal columns are left out. For scripts: --json, and --fail-on silent,unavailable."
}

type agentsDocument struct {
	document
	Agents []agentEntry `json:"agents"`
	// Warnings are about the endpoint itself: its certificates.
	Warnings []string `json:"endpoint_warnings"`
}

type agentEntry struct {
	report.Agent
	// Schedule is the name of the file with the agent's checks.
	Schedule         string   `json:"schedule"`
	ScheduleMistakes []string `json:"schedule_mistakes"`
}

// anyProblem is the --fail-on of every state that is worse than ok.
const anyProblem = "any"

func (c *agentsListCmd) Run(a *app) error {
	failOn, err := healths("--fail-on", c.FailOn)
	if err != nil {
		return err
	}
	states, err := healths("--state", c.State)
	if err != nil {
		return err
	}
	list, err := c.agents(a, states)
	if err != nil {
		return err
	}
	if err := c.write(a, list); err != nil {
		return err
	}
	return failing(list, failOn)
}

func (c *agentsListCmd) write(a *app, list []report.Agent) error {
	dir, err := a.folder()
	if err != nil {
		return err
	}
	schedules := folder.ReadSchedules(dir.SchedulesDir(), slog.New(slog.DiscardHandler), a.now)
	entries := make([]agentEntry, 0, len(list))
	for _, ag := range list {
		file, mistakes := scheduleMistakes(schedules, ag.AgentID)
		entries = append(entries, agentEntry{ag, file, mistakes})
	}
	if a.JSON {
		return a.printJSON(agentsDocument{document{schemaVersion}, entries, a.certificateWarnings()})
	}
	return a.print(c.text(a, entries))
}

// healths reads states of the command line; kong has split them at commas.
func healths(flag string, names []string) ([]report.Health, error) {
	var list []report.Health
	for _, name := range names {
		if name == anyProblem {
			for _, h := range report.HealthNames() {
				if h == string(report.OK) {
					break
				}
				list = append(list, report.Health(h))
			}
			continue
		}
		h, ok := report.ParseHealth(name)
		if !ok {
			known := append(report.HealthNames(), anyProblem)
			hint := "one of " + strings.Join(known, ", ")
			if near := shorttext.Nearest(name, known); near != "" {
				hint = "did you mean " + near + "? " + hint
			}
			return nil, &failure{exitUsage, fmt.Errorf("%s %q: no such state", flag, name), hint}
		}
		list = append(list, h)
	}
	return list, nil
}

// has reports whether an agent has one of some states.
func has(ag *report.Agent, states []report.Health) bool {
	return slices.Contains(states, ag.Health) ||
		slices.ContainsFunc(ag.Problems, func(p report.Health) bool { return slices.Contains(states, p) })
}

// agents are those that are to be listed.
func (c *agentsListCmd) agents(a *app, states []report.Health) ([]report.Agent, error) {
	defer ownMemory(shortLived, slog.New(slog.DiscardHandler))() // garbage is collected less often
	st, err := a.store()
	if err != nil {
		return nil, err
	}
	defer st.Close()
	list, err := report.Agents(a.ctx, st, a.now())
	if err != nil {
		return nil, a.explain(err)
	}
	return slices.DeleteFunc(list, func(ag report.Agent) bool {
		return ag.Removed != nil && !c.All || c.Group != "" && c.Group != ag.Group || len(states) > 0 && !has(&ag, states) ||
			slices.ContainsFunc(c.Tag, func(tag string) bool { return !slices.Contains(ag.Tags, tag) })
	}), nil
}

// failing returns the error for agents with a state that --fail-on names.
func failing(list []report.Agent, states []report.Health) error {
	const named = 3
	var ids []string
	for i := range list {
		if has(&list[i], states) {
			ids = append(ids, list[i].AgentID+" ("+stateText(&list[i])+")")
		}
	}
	if len(ids) == 0 {
		return nil
	}
	text := strings.Join(ids[:min(len(ids), named)], "; ")
	if len(ids) > named {
		text += fmt.Sprintf("; %d more", len(ids)-named)
	}
	return &failure{exitAgents, errors.New("agents with a state that --fail-on names: " + text), ""}
}

// text is the table with what follows it.
func (c *agentsListCmd) text(a *app, list []agentEntry) []byte {
	now, width := a.now(), a.width()
	if c.Wide {
		width = 0
	}
	first := momentColumn{head: "FIRST SEEN"}
	for i := range list {
		first.add(timeOf(list[i].FirstSeen))
	}
	t := table{columns: []column{{head: "AGENT"}, {head: "STATE"}, {head: "SEEN"}, {head: "CHECKS", drop: 4, right: true}, {head: "CLOCK", drop: 5},
		{head: "VERSION", drop: 6}, {head: "TAGS", drop: 2, optional: true}, {head: "GROUP", drop: 3, optional: true}, {head: "FROM", drop: 7},
		{head: "RESULTS", drop: 9, right: true}, {head: "SCHEDULE", drop: 8}, {head: first.name(), drop: 11}, {head: "SESSION", drop: 12},
		{head: "KEY", drop: 13}, {head: "NAME", drop: 10, optional: true}}}
	for i := range list {
		ag := &list[i]
		t.cells(term.Cell{Text: ag.AgentID}, term.Cell{Text: stateText(&ag.Agent), Color: stateColor(ag.Health)}, term.Cell{Text: ago(timeOf(ag.LastSeen), now)},
			term.Cell{Text: strconv.Itoa(ag.Checks)}, term.Cell{Text: clock(ag.ClockOffsetMS)}, term.Cell{Text: dash(ag.ProcessVersion)},
			term.Cell{Text: dash(strings.Join(ag.Tags, " "))}, term.Cell{Text: dash(ag.Group)}, term.Cell{Text: dash(ag.Remote)},
			term.Cell{Text: strconv.FormatInt(ag.Results, 10)}, term.Cell{Text: ag.Schedule}, term.Cell{Text: first.text(timeOf(ag.FirstSeen))},
			term.Cell{Text: sessionText(ag.Session)}, term.Cell{Text: keyText(ag.Key)}, term.Cell{Text: nameBeside(&ag.Agent)})
	}
	text := t.text(width, 0, a.color())
	text = append(text, below(list, now)...)
	for _, w := range a.certificateWarnings() {
		text = append(text, "this endpoint: "+shorttext.Sanitize(w)+"\n"...)
	}
	return text
}

// below is what follows the table: warnings, mistakes in schedules, and how many agents are in which state.
func below(list []agentEntry, now time.Time) []byte {
	var notes, b bytes.Buffer
	counts := map[report.Health]int{}
	wrong := map[string]bool{} // files that were named
	for i := range list {
		ag := &list[i]
		counts[ag.Health]++
		for _, w := range ag.Warnings {
			fmt.Fprintf(&notes, "%s: %s\n", shorttext.Sanitize(ag.AgentID), shorttext.Sanitize(w.Text))
		}
		if n := len(ag.ScheduleMistakes); n > 0 && !wrong[ag.Schedule] {
			wrong[ag.Schedule] = true
			fmt.Fprintf(&notes, "%s: %s; virgo-endpoint schedule check lists them\n", shorttext.Sanitize(ag.Schedule), term.Count(n, "mistake", "mistakes"))
		}
	}
	if notes.Len() > 0 {
		b.WriteByte('\n')
		b.Write(notes.Bytes())
	}
	var parts []string
	for _, name := range report.HealthNames() {
		if n := counts[report.Health(name)]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, name))
		}
	}
	fmt.Fprintf(&b, "\n%s", term.Count(len(list), "agent", "agents"))
	if len(parts) > 0 {
		b.WriteString(": " + strings.Join(parts, ", "))
	}
	fmt.Fprintf(&b, "; at %s\n", moment(now))
	return b.Bytes()
}
