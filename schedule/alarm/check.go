package alarm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"virgo/schedule"
	"virgo/schedule/alarm/criteria"
	"virgo/schedule/yaml"
)

// checkKeys are the keys of a check's alarm in the form of Parse.
var checkKeys = []string{
	"alarm", "label", "warning", "critical", "cases", "for", "clear_for", "clear", "message", "notify", "escalate", "unknown",
	"disabled", "each",
}

// oldKeys are those of the older form, and foreignKeys what its tools wrote besides, which says nothing
// to us.
var (
	oldKeys     = []string{"id", "label", "criteria", "disabled", "notification_plan_id"}
	foreignKeys = []string{
		"metadata", "check_id", "entity_id", "created_at", "updated_at", "confd_name", "confd_hash", "active_suppressions",
		"scheduled_suppressions",
	}
)

// ParseCheck returns the alarms of a check: a list of rules as Parse takes them but without checks and
// hosts, or a mapping of them by id; each may also be in the older form, with criteria (package criteria).
// A mistake costs its alarm alone, and is named by the check's place in its file.
func ParseCheck(c *schedule.Check) ([]Rule, []schedule.Problem) {
	if len(c.Alarms) == 0 {
		return nil, nil
	}
	p := checkAlarms{entries: entries{file: c.File}, check: c}
	root, err := jsonNode(c.Alarms, c.Line)
	if err != nil {
		p.add("", &yaml.Error{File: c.File, Line: c.Line, Text: "alarms: " + err.Error(), Err: err})
		return nil, p.found
	}
	p.read(root)
	return p.rules, p.found
}

// ParseChecks returns the alarms of all checks of a file with checks, as ParseCheck does of each. It knows the lines of
// the file, for people who look for mistakes; mistakes in the checks themselves are not its matter.
func ParseChecks(name string, data []byte, parse yaml.Parser) ([]Rule, []schedule.Problem) {
	root, err := parse(name, data)
	if err != nil {
		return nil, nil
	}
	nodes := root.Items
	if root.Kind == yaml.Map {
		nodes = []yaml.Node{root}
	}
	p := checkAlarms{entries: entries{file: name, data: data}}
	for i, n := range nodes {
		c := schedule.Check{File: name, Line: n.Line}
		var alarms yaml.Node
		for _, f := range n.Fields {
			switch f.Key {
			case "id":
				c.ID = f.Value.Text
			case "type":
				c.Type = f.Value.Text
			case "alarms":
				alarms = f.Value
			}
		}
		if c.ID != "" && alarms.Kind != yaml.Null {
			p.check, p.index = &c, i
			p.read(alarms)
		}
	}
	return p.rules, p.found
}

// read reads the value of alarms.
func (p *checkAlarms) read(root yaml.Node) {
	var fields []yaml.Field
	switch root.Kind {
	case yaml.Map:
		fields = root.Fields
	case yaml.List:
		for i, item := range root.Items {
			fields = append(fields, yaml.Field{Key: alarmID(item, i), Line: item.Line, Value: item})
		}
	case yaml.Null:
	default:
		p.add("", &yaml.Error{File: p.file, Line: root.Line, Text: "alarms: expected a list or a mapping, found " + root.Kind.String()})
	}
	if len(fields) > MaxCheckRules {
		p.add("", &yaml.Error{File: p.file, Line: root.Line, Text: fmt.Sprintf("alarms: more than %d", MaxCheckRules)})
		return
	}
	for _, f := range fields {
		p.alarm(f)
	}
}

// alarmID returns the id of an entry of a list.
func alarmID(n yaml.Node, index int) string {
	for _, f := range n.Fields {
		if (f.Key == "alarm" || f.Key == "id") && f.Value.Kind == yaml.Text {
			return f.Value.Text
		}
	}
	return "alarm-" + strconv.Itoa(index+1)
}

// checkAlarms reads the alarms of a check.
type checkAlarms struct {
	entries
	check *schedule.Check
	rules []Rule
	found []schedule.Problem
}

func (p *checkAlarms) add(alarm string, err *yaml.Error) {
	if alarm != "" {
		err.Text = fmt.Sprintf("alarm %q of check %q: %s", alarm, p.check.ID, err.Text)
	}
	p.found = append(p.found, schedule.Problem{CheckID: p.check.ID, Err: err})
}

func (p *checkAlarms) alarm(f yaml.Field) {
	if err := CheckID(f.Key); err != nil {
		p.add("", &yaml.Error{File: p.file, Line: f.Line, Text: "alarms: " + err.Error()})
		return
	}
	r := Rule{
		ID: CheckRulePrefix + p.check.ID + "/" + f.Key, For: Span{Count: 1}, File: p.file, Line: f.Line,
		Checks: CheckMatch{IDs: []string{p.check.ID}}, Label: f.Key,
	}
	p.problems = nil
	if f.Value.Kind != yaml.Map {
		p.mistake(f.Line, "", "expected an alarm, found %s", f.Value.Kind)
	} else if isOld(f.Value) {
		p.old(&r, f.Value)
	} else {
		p.rule(&r, f.Value)
	}
	if len(p.problems) == 0 {
		if err := r.finish(); err != nil {
			p.mistake(f.Line, "", "%v", err)
		}
	}
	for _, problem := range p.problems {
		if err, ok := problem.Err.(*yaml.Error); ok {
			p.add(f.Key, err)
		}
	}
	if len(p.problems) == 0 {
		p.rules = append(p.rules, r)
	}
}

// isOld reports whether an alarm is in the older form.
func isOld(n yaml.Node) bool {
	return slices.ContainsFunc(n.Fields, func(f yaml.Field) bool {
		return f.Key == "criteria" || f.Key == "notification_plan_id"
	})
}

func (p *checkAlarms) rule(r *Rule, n yaml.Node) {
	kept := n
	kept.Fields = nil
	for _, f := range n.Fields {
		switch {
		case f.Key == "alarm" || f.Key == "id":
		case slices.Contains(checkKeys, f.Key):
			kept.Fields = append(kept.Fields, f)
		case f.Key == "hosts" || f.Key == "checks":
			p.mistakeHelp(f.Line, "", "write the rule to alarms.d", "an alarm of a check is for that check, and has no %s", f.Key)
		default:
			p.report(yaml.UnknownKey(p.file, f, checkKeys))
		}
	}
	settings, _ := p.settings(kept, false)
	for _, apply := range settings {
		apply(r)
	}
	if r.Each == EachHost {
		p.mistake(n.Line, "", "an alarm of a check has each: dimension or check")
	}
}

// old reads an alarm of the older form.
func (p *checkAlarms) old(r *Rule, n yaml.Node) {
	r.Each = EachCheck
	text := yaml.Field{Line: n.Line}
	for _, f := range n.Fields {
		switch {
		case f.Value.Kind == yaml.Null || slices.Contains(foreignKeys, f.Key) || f.Key == "id":
		case f.Key == "label":
			// The older form has no places in a label.
			if label, ok := p.text(f, MaxLabel); ok {
				r.Label = strings.NewReplacer("{", "{{", "}", "}}").Replace(label)
			}
		case f.Key == "notification_plan_id":
			r.Plan, _ = p.text(f, schedule.MaxIDBytes)
		case f.Key == "disabled":
			r.Disabled = f.Value.Text == "true" || f.Value.Text == "1"
		case f.Key == "criteria":
			if _, ok := p.text(f, schedule.MaxDetailBytes); ok {
				text = f
			}
		default:
			p.report(yaml.UnknownKey(p.file, f, oldKeys))
		}
	}
	p.translate(r, text)
}

// translate sets what criteria say.
func (p *checkAlarms) translate(r *Rule, f yaml.Field) {
	t, mistakes := criteria.Translate(f.Value.Text, p.check.Type)
	for _, m := range mistakes {
		p.inCriteria(f, m)
	}
	if len(mistakes) > 0 {
		return
	}
	for _, c := range t.Cases {
		when, err := Compile(c.When)
		if err != nil {
			p.inCriteria(f, criteria.Mistake{Line: c.Line, Text: err.Error()})
			return
		}
		message, err := ParseTemplate(c.Message)
		if err != nil {
			p.inCriteria(f, criteria.Mistake{Line: c.Line, Text: err.Error()})
			return
		}
		state, err := ParseState(c.State)
		if err != nil {
			p.inCriteria(f, criteria.Mistake{Line: c.Line, Text: err.Error()})
			return
		}
		r.Cases = append(r.Cases, Case{When: when, State: state, Message: message, written: true})
	}
	r.For = Span{Count: t.Count}
	r.ClearFor = r.For
	for _, n := range t.Notices {
		r.Notices = append(r.Notices, fmt.Sprintf("criteria, line %d: %s", n.Line, n.Text))
	}
}

// inCriteria reports a mistake in criteria. Its line is that of the file if the text begins below its key, else that
// within the text.
func (p *checkAlarms) inCriteria(f yaml.Field, m criteria.Mistake) {
	key := bytes.TrimRight(p.line(f.Line), " \r")
	if p.data == nil || m.Line == 0 || !bytes.HasSuffix(key, []byte("|")) {
		p.mistakeHelp(f.Line, "", m.Help, "criteria, line %d, column %d: %s", m.Line, m.Column, m.Text)
		return
	}
	first := p.line(f.Line + 1)
	indent := len(first) - len(bytes.TrimLeft(first, " "))
	p.report(&yaml.Error{
		File: p.file, Line: f.Line + m.Line, Column: indent + max(m.Column, 1), Text: "criteria: " + m.Text, Help: m.Help,
	})
}

// maxJSONDepth bounds the nesting of a check's alarms.
const maxJSONDepth = schedule.MaxDetailDepth

// jsonNode returns JSON as the node that the same YAML would be. Keys of an object keep their order.
func jsonNode(raw []byte, line int) (yaml.Node, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return jsonValue(d, line, 0)
}

func jsonValue(d *json.Decoder, line, depth int) (yaml.Node, error) {
	n := yaml.Node{Line: line}
	if depth > maxJSONDepth {
		return n, fmt.Errorf("nested deeper than %d", maxJSONDepth)
	}
	token, err := d.Token()
	if err != nil {
		return n, fmt.Errorf("not JSON: %w", err)
	}
	switch token := token.(type) {
	case nil:
		n.Kind = yaml.Null
	case bool:
		n.Kind, n.Text = yaml.Bool, strconv.FormatBool(token)
	case string:
		n.Kind, n.Text = yaml.Text, token
	case json.Number:
		n.Kind, n.Text = yaml.Number, token.String()
	case json.Delim:
		err = jsonMembers(d, &n, token, depth)
	}
	return n, err
}

// jsonMembers reads what follows "[" or "{".
func jsonMembers(d *json.Decoder, n *yaml.Node, open json.Delim, depth int) error {
	n.Kind = yaml.List
	if open == '{' {
		n.Kind = yaml.Map
	}
	for d.More() {
		f := yaml.Field{Line: n.Line}
		if n.Kind == yaml.Map {
			key, err := d.Token()
			if err != nil {
				return fmt.Errorf("not JSON: %w", err)
			}
			f.Key, _ = key.(string)
		}
		var err error
		if f.Value, err = jsonValue(d, n.Line, depth+1); err != nil {
			return err
		}
		if n.Kind == yaml.Map {
			n.Fields = append(n.Fields, f)
		} else {
			n.Items = append(n.Items, f.Value)
		}
	}
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	return nil
}
