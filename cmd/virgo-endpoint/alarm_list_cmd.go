package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"virgo/cmd/internal/term"
	"virgo/cmd/virgo-endpoint/internal/alarm"
	"virgo/cmd/virgo-endpoint/internal/watch"
	rule "virgo/schedule/alarm"
	"virgo/schedule/shorttext"
	"virgo/schedule/yaml/full"
)

type alarmListCmd struct {
	Host   string   `placeholder:"ID" help:"Only alarms of this agent."`
	Tag    string   `placeholder:"TAG" help:"Only alarms of agents with this tag."`
	Rule   string   `placeholder:"ID" help:"Only alarms of this rule."`
	State  []string `placeholder:"STATE" help:"Only alarms of which this is the state; may be repeated."`
	Why    bool     `help:"Name the file and line of each rule, and what changed it for the host."`
	FailOn []string `name:"fail-on" placeholder:"STATE" help:"Exit with 7 if a listed alarm has this state; may be repeated; any is for all that need a look."`
}

func (alarmListCmd) Help() string {
	return "The worst first. STATE: CRITICAL, SILENT (the host sends nothing, though it should), WARNING, UNKNOWN (the rule cannot be judged: a value is missing). " +
		"A server judges results and silence as they come (serve); without one, what stood last is listed, and a line says so. " +
		"ACK is who looks after an alarm; SILENCE is the number of the silence that holds its notifications back. " +
		"For scripts: --json, and --fail-on CRITICAL."
}

// An alarmEntry is an alarm in a document.
type alarmEntry struct {
	Key       string   `json:"key"`
	State     string   `json:"state"`
	Before    string   `json:"before,omitempty"`
	AgentID   string   `json:"agent_id"`
	AgentName string   `json:"agent_name"`
	Tags      []string `json:"tags"`
	Rule      string   `json:"rule"`
	CheckID   string   `json:"check_id"`
	Dimension string   `json:"dimension"`
	Text      string   `json:"text"`
	Value     *float64 `json:"value"`
	Threshold *float64 `json:"threshold"`
	Since     *int64   `json:"since_ms"`
	AckedBy   string   `json:"acknowledged_by"`
	Silence   int64    `json:"silence"`
	Flapping  bool     `json:"flapping"`
	Why       string   `json:"why,omitempty"`
}

type alarmsDocument struct {
	document
	Alarms []alarmEntry `json:"alarms"`
	// JudgedLast is when a server judged results last; null if none ever did.
	JudgedLast *int64 `json:"judged_last_ms"`
}

// judgedFor is how long ago a server that is at work judged at most.
const judgedFor = 3 * time.Minute

func (c *alarmListCmd) Run(a *app) error {
	f := alarm.StateFilter{AgentID: c.Host, Tag: c.Tag, Rule: c.Rule}
	var err error
	if f.States, err = alarmStates("--state", c.State); err != nil {
		return err
	}
	failOn, err := alarmStates("--fail-on", c.FailOn)
	if err != nil {
		return err
	}
	list, last, err := a.standing(f)
	if err != nil {
		return err
	}
	why, err := c.why(a, list)
	if err != nil {
		return err
	}
	if err := c.write(a, list, why, last); err != nil {
		return err
	}
	return failingAlarms(list, failOn)
}

// alarmStates reads states of the command line.
func alarmStates(flag string, names []string) ([]rule.State, error) {
	var list []rule.State
	for _, name := range names {
		if name == anyProblem {
			list = append(list, rule.Critical, rule.Silent, rule.Warning)
			continue
		}
		s, err := rule.ParseState(strings.ToUpper(name))
		if err != nil {
			return nil, &failure{exitUsage, fmt.Errorf("%s %q: no such state", flag, name), "one of CRITICAL, SILENT, WARNING, UNKNOWN, OK, any"}
		}
		list = append(list, s)
	}
	return list, nil
}

// standing reads the alarms that stand, and when a server judged last.
func (a *app) standing(f alarm.StateFilter) (list []watch.Standing, last time.Time, err error) {
	dir, err := a.folder()
	if err != nil {
		return nil, last, err
	}
	db, err := a.controlToRead(dir)
	if db == nil || err != nil {
		return nil, last, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, states, err := db.Alarms().Load(a.ctx)
	if err != nil {
		return nil, last, a.explain(err)
	}
	silences, err := db.Silences().All(a.ctx, false)
	if err != nil {
		return nil, last, a.explain(err)
	}
	for i := range states {
		if s := states[i].Standing; f.Selects(&s) {
			s.SilencedBy = alarm.HeldBy(silences, &s, a.now())
			list = append(list, s)
		}
	}
	alarm.SortStates(list)
	last, err = alarm.AtWork(a.ctx, db.Settings())
	return list, last, a.explain(err)
}

// why says where the rules of alarms are from, by rule and host; nil without --why.
func (c *alarmListCmd) why(a *app, list []watch.Standing) (map[watch.Key]string, error) {
	if !c.Why {
		return nil, nil
	}
	dir, err := a.folder()
	if err != nil {
		return nil, err
	}
	rules := alarm.LoadRules(dir.AlarmsDir(), full.Parse, a.now)
	why := map[watch.Key]string{}
	for i := range list {
		s := &list[i]
		w, ok := rules.Why(&rule.Host{ID: s.AgentID, Name: s.Host, Tags: s.Tags}, s.Rule)
		switch {
		case ok:
			why[s.Key] = whyText(w)
		case strings.HasPrefix(s.Rule, rule.CheckRulePrefix):
			why[s.Key] = "the check's own alarms"
		default:
			why[s.Key] = "the rule is gone"
		}
	}
	return why, nil
}

func whyText(w alarm.Why) string {
	at := func(file string, line int) string {
		if line == 0 || file == rule.DefaultsName {
			return file
		}
		return file + ":" + strconv.Itoa(line)
	}
	text := at(w.File, w.Line)
	for _, o := range w.Overrides {
		text += ", overridden in " + at(o.File, o.Line)
	}
	return text
}

func (c *alarmListCmd) write(a *app, list []watch.Standing, why map[watch.Key]string, last time.Time) error {
	if a.JSON {
		doc := alarmsDocument{document{schemaVersion}, []alarmEntry{}, ms(last)}
		for i := range list {
			doc.Alarms = append(doc.Alarms, alarmEntryOf(&list[i], why))
		}
		return a.printJSON(doc)
	}
	now := a.now()
	t := table{columns: []column{{head: "STATE"}, {head: "HOST"}, {head: "RULE", drop: 2}, {head: "SINCE"}, {head: "ACK", drop: 4, optional: true},
		{head: "SILENCE", drop: 3, optional: true}, {head: "WHY", optional: true}, {head: "WHAT"}}}
	for i := range list {
		s := &list[i]
		state := s.State.String()
		if s.Flapping {
			state += " (flapping)"
		}
		t.cells(term.Cell{Text: state, Color: alarmColor(s.State)}, term.Cell{Text: alarmHost(s)}, term.Cell{Text: s.Rule}, term.Cell{Text: ago(s.Since, now)},
			term.Cell{Text: dash(s.AckedBy)}, term.Cell{Text: silenceNumber(s.SilencedBy)}, term.Cell{Text: dash(why[s.Key])}, term.Cell{Text: s.Text})
	}
	var text []byte
	if len(list) > 0 {
		text = t.text(a.width(), 0, a.color())
	} else {
		text = []byte("no alarms\n")
	}
	switch {
	case last.IsZero():
		text = append(text, "\nalarms were never judged here: a server does that (serve)\n"...)
	case now.Sub(last) > judgedFor:
		text = fmt.Appendf(text, "\nas of %s (%s): no server judges alarms at present\n", moment(last), ago(last, now))
	}
	return a.print(text)
}

func alarmEntryOf(s *watch.Standing, why map[watch.Key]string) alarmEntry {
	e := alarmEntry{Key: s.Key.Text(), State: s.State.String(), AgentID: s.AgentID, AgentName: s.Host, Tags: orEmpty(s.Tags), Rule: s.Rule,
		CheckID: s.CheckID, Dimension: s.Dimension, Text: s.Text, Value: s.Value, Threshold: s.Threshold, Since: ms(s.Since),
		AckedBy: s.AckedBy, Silence: s.SilencedBy, Flapping: s.Flapping, Why: why[s.Key]}
	if s.State == rule.Silent && s.Before != rule.OK {
		e.Before = s.Before.String()
	}
	return e
}

// alarmHost names the host of an alarm.
func alarmHost(s *watch.Standing) string {
	if s.AgentID == "" {
		return dash(s.Host)
	}
	return s.AgentID
}

func silenceNumber(id int64) string {
	if id == 0 {
		return "-"
	}
	return strconv.FormatInt(id, 10)
}

func alarmColor(s rule.State) term.Color {
	switch {
	case s.Open():
		return term.Bad
	case s == rule.OK:
		return term.Good
	}
	return term.Plain
}

// failingAlarms returns the error for alarms with a state that --fail-on names.
func failingAlarms(list []watch.Standing, states []rule.State) error {
	const named = 3
	var found []string
	for i := range list {
		if slices.Contains(states, list[i].State) {
			found = append(found, fmt.Sprintf("%s %s %s", alarmHost(&list[i]), list[i].Rule, list[i].State))
		}
	}
	if len(found) == 0 {
		return nil
	}
	text := strings.Join(found[:min(len(found), named)], "; ")
	if len(found) > named {
		text += fmt.Sprintf("; %d more", len(found)-named)
	}
	return &failure{exitAlarms, errors.New("alarms with a state that --fail-on names: " + shorttext.Sanitize(text)), ""}
}
