package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"virgo/cmd/internal/term"
	"virgo/cmd/virgo-endpoint/internal/alarm"
	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/watch"
	rule "virgo/schedule/alarm"
	"virgo/schedule/shorttext"
	"virgo/schedule/yaml/full"
)

type alarmTestCmd struct {
	File  string `arg:"" optional:"" help:"A file with rules; without one, those of the folder and the default set."`
	Since string `default:"7d" placeholder:"T" help:"From T on: an age such as 1h, 7d, or a time such as 2026-03-01. At most 31 days. Default: ${default}."`
	Until string `placeholder:"T" help:"Before T, likewise. Default: now."`
	Host  string `placeholder:"ID" help:"Only this agent, or those that match a pattern such as 'web*'."`
	Tag   string `placeholder:"TAG" help:"Only agents with this tag."`
	Rule  string `placeholder:"ID" help:"Only this rule. Default: those of the file."`
}

func (alarmTestCmd) Help() string {
	return "Judges the stored results once more, each at its time whether it came late or not, and prints when the rules would have raised alarms. " +
		"Nothing is changed, and nobody is told. Rules about a host itself (its silence, its clock) are left out: they are not judged by results. " +
		"PEAK is the value that was farthest beyond the limit."
}

// A firingEntry is a span in a document.
type firingEntry struct {
	AgentID   string   `json:"agent_id"`
	AgentName string   `json:"agent_name"`
	Rule      string   `json:"rule"`
	CheckID   string   `json:"check_id"`
	Dimension string   `json:"dimension"`
	State     string   `json:"state"`
	From      *int64   `json:"from_ms"`
	To        *int64   `json:"to_ms"`
	Peak      *float64 `json:"peak"`
	Threshold *float64 `json:"threshold"`
	Text      string   `json:"text"`
}

type firingsDocument struct {
	document
	From    *int64        `json:"from_ms"`
	To      *int64        `json:"to_ms"`
	Agents  int           `json:"agents"`
	Firings []firingEntry `json:"firings"`
}

func (c *alarmTestCmd) Run(a *app) error {
	from, to, err := between(c.Since, c.Until, a.now())
	if err != nil {
		return err
	}
	if to.Sub(from) > alarm.MaxReplay {
		return &failure{exitUsage, fmt.Errorf("%d days are more than %d", int(to.Sub(from).Hours()/24), int(alarm.MaxReplay.Hours()/24)), "give a shorter time: --since 7d"}
	}
	dir, err := a.folder()
	if err != nil {
		return err
	}
	rules, only, err := c.rules(a, dir)
	if err != nil {
		return err
	}
	defer ownMemory(shortLived, slog.New(slog.DiscardHandler))()
	st, err := a.store()
	if err != nil {
		return err
	}
	defer st.Close()
	agents, err := st.Agents(a.ctx, "")
	if err != nil {
		return a.explain(err)
	}
	schedules := folder.ReadSchedules(dir.SchedulesDir(), slog.New(slog.DiscardHandler), a.now)
	var hosts []alarm.ReplayHost
	for i := range agents {
		ag := &agents[i]
		if !ag.Who.Removed.IsZero() || c.Host != "" && !matches(c.Host, ag.ID) || c.Tag != "" && !slices.Contains(ag.Who.Tags, c.Tag) {
			continue
		}
		h := alarm.ReplayHost{Agent: ag.Number, Facts: rule.Host{ID: ag.ID, Name: ag.Name, Tags: ag.Who.Tags}}
		if ag.ClockOffsetMS != nil {
			h.Facts.ClockOffset = time.Duration(*ag.ClockOffsetMS) * time.Millisecond
		}
		if result, hash, err := schedules.For(ag.ID); err == nil {
			h.Schedule, h.Hash = result, hash
		}
		hosts = append(hosts, h)
	}
	if len(hosts) == 0 && c.Host != "" {
		return &failure{exitUsage, fmt.Errorf("there is no agent %q", c.Host), a.nearAgent(st, c.Host)}
	}
	var firings []watch.Firing
	err = alarm.Replay(a.ctx, rules, hosts, st, from, to, only, func(f watch.Firing) error {
		firings = append(firings, f)
		return nil
	})
	slices.SortStableFunc(firings, func(x, y watch.Firing) int { return cmp.Or(x.From.Compare(y.From), cmp.Compare(x.AgentID, y.AgentID)) })
	return errors.Join(c.write(a, firings, len(hosts), from, to), a.explain(err))
}

// rules are those that are judged, and which of them are shown.
func (c *alarmTestCmd) rules(a *app, dir folder.Dir) (*alarm.Rules, func(string) bool, error) {
	only := func(string) bool { return true }
	rules := alarm.LoadRules(dir.AlarmsDir(), full.Parse, a.now)
	if c.File != "" {
		data, err := readRules(c.File)
		if err != nil {
			return nil, nil, &failure{exitUsage, err, ""}
		}
		set, problems := rule.Parse(c.File, data, full.Parse)
		trial, more := alarm.RulesOf(c.File, data, full.Parse, a.now)
		if problems = append(problems, more...); len(problems) > 0 {
			first := folder.PlaceOf(problems[0])
			return nil, nil, &failure{exitUsage, errors.New(first.Position()), "virgo-endpoint alarm check " + shorttext.QuoteShell(c.File) + " lists all mistakes"}
		}
		rules = trial
		named := map[string]bool{}
		for _, r := range set.Rules {
			named[r.ID] = true
		}
		for _, o := range set.Overrides {
			named[o.Of] = true
		}
		only = func(id string) bool { return named[id] }
	}
	if c.Rule != "" {
		only = func(id string) bool { return id == c.Rule }
		known := func(r rule.Rule) bool { return r.ID == c.Rule }
		if !strings.HasPrefix(c.Rule, rule.CheckRulePrefix) && !slices.ContainsFunc(rules.All(), known) {
			return nil, nil, &failure{exitUsage, fmt.Errorf("there is no rule %q", c.Rule), nearRule(c.Rule, rules.All())}
		}
	}
	return rules, only, nil
}

func nearRule(id string, rules []rule.Rule) string {
	var ids []string
	for _, r := range rules {
		ids = append(ids, r.ID)
	}
	if near := shorttext.Nearest(id, ids); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "one of " + strings.Join(ids, ", ")
}

func matches(pattern, id string) bool {
	ok, err := path.Match(pattern, id)
	return ok && err == nil || pattern == id
}

func (c *alarmTestCmd) write(a *app, firings []watch.Firing, hosts int, from, to time.Time) error {
	if a.JSON {
		doc := firingsDocument{document{schemaVersion}, ms(from), ms(to), hosts, []firingEntry{}}
		for _, f := range firings {
			doc.Firings = append(doc.Firings, firingEntry{f.AgentID, f.Host, f.Rule, f.CheckID, f.Dimension, f.State.String(), ms(f.From), ms(f.To), f.Peak, f.Threshold, f.Text})
		}
		return a.printJSON(doc)
	}
	var text []byte
	if len(firings) > 0 {
		text = firingsText(a, firings)
		text = append(text, '\n')
	}
	firing := map[string]bool{}
	for _, f := range firings {
		firing[f.AgentID] = true
	}
	lasts, judged := span(to.Sub(from).Milliseconds()), term.Count(hosts, "agent", "agents")
	if len(firings) == 0 {
		text = fmt.Appendf(text, "no alarms in %s, of %s\n", lasts, judged)
	} else {
		text = fmt.Appendf(text, "%s of %d of %s in %s\n", term.Count(len(firings), "alarm", "alarms"), len(firing), judged, lasts)
	}
	return a.print(text)
}

func firingsText(a *app, firings []watch.Firing) []byte {
	at := momentColumn{head: "FROM", byDay: true}
	for _, f := range firings {
		at.add(f.From)
	}
	t := table{columns: []column{{head: at.name()}, {head: "FOR"}, {head: "STATE"}, {head: "HOST"}, {head: "RULE", drop: 1}, {head: "PEAK", right: true, optional: true},
		{head: "LIMIT", right: true, optional: true}, {head: "WHAT"}}}
	for _, f := range firings {
		lasts := "lasts"
		if !f.To.IsZero() {
			lasts = span(f.To.Sub(f.From).Milliseconds())
		}
		t.cells(term.Cell{Text: at.text(f.From)}, term.Cell{Text: lasts}, term.Cell{Text: f.State.String(), Color: alarmColor(f.State)}, term.Cell{Text: f.AgentID},
			term.Cell{Text: f.Rule}, term.Cell{Text: figureText(f.Peak)}, term.Cell{Text: figureText(f.Threshold)}, term.Cell{Text: f.Text})
	}
	return t.text(a.width(), 0, a.color())
}

// figureText is a number with at most four digits that tell something.
func figureText(v *float64) string {
	if v == nil {
		return "-"
	}
	return strconv.FormatFloat(*v, 'g', 4, 64)
}
