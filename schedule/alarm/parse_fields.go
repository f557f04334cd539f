package alarm

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"virgo/schedule"
	"virgo/schedule/shorttext"
	"virgo/schedule/yaml"
)

// settings returns what the fields of an entry set, and its hosts.
func (p *entries) settings(n yaml.Node, override bool) (all []setting, hosts HostMatch) {
	hasState, hasCases := false, false
	for _, f := range n.Fields {
		var set setting
		switch f.Key {
		case "alarm", "override":
		case "hosts":
			hosts = p.hosts(f)
		case "label":
			set = p.label(f)
		case "checks", "each":
			if override {
				p.mistakeHelp(f.Line, f.Key, "disable the rule and write another one", "an override cannot change %s", f.Key)
				continue
			}
			if f.Key == "checks" {
				set = p.checks(f)
			} else {
				set = p.each(f)
			}
		case "warning":
			set, hasState = p.state(f, Warning), true
		case "critical":
			set, hasState = p.state(f, Critical), true
		case "cases":
			set, hasCases = p.cases(f), true
		case "for":
			set = p.span(f, func(r *Rule, s Span) { r.For, r.ClearFor = s, clearFor(s) })
		case "clear_for":
			continue // after for, which sets it too
		case "clear":
			set = p.clear(f)
		case "message":
			set = p.message(f)
		case "notify":
			names := p.texts(f, MaxRecipients)
			set = func(r *Rule) { r.Notify = names }
		case "escalate":
			set = p.escalate(f)
		case "unknown":
			set = p.unknown(f)
		case "disabled":
			if f.Value.Kind != yaml.Bool {
				p.mistake(f.Line, f.Key, "expected true or false, found %s", f.Value.Kind)
			}
			off := f.Value.Text == "true"
			set = func(r *Rule) { r.Disabled = off }
		default:
			err := yaml.UnknownKey(p.file, f, ruleKeys)
			err.Column = p.column(f.Line, f.Key)
			p.report(err)
		}
		if set != nil {
			all = append(all, set)
		}
	}
	if hasState && hasCases {
		p.mistake(n.Line, "", "cases stand in place of warning and critical")
	}
	for _, f := range n.Fields {
		if f.Key == "clear_for" {
			all = append(all, p.span(f, func(r *Rule, s Span) { r.ClearFor = s }))
		}
	}
	return all, hosts
}

// maxUsualClear bounds the time after which an alarm ends, where the rule says nothing else.
const maxUsualClear = 10 * time.Minute

// clearFor returns the usual clear_for of a rule with that for.
func clearFor(s Span) Span {
	s.Time = min(s.Time, maxUsualClear)
	return s
}

// column returns the column of a key in a line.
func (p *entries) column(line int, key string) int {
	text := p.line(line)
	at := len(text) - len(bytes.TrimLeft(text, " \t-"))
	if i := bytes.Index(text, []byte(key+":")); key != "" && i >= 0 {
		at = i
	}
	if p.data == nil || line == 0 {
		return 0
	}
	return utf8.RuneCount(text[:at]) + 1
}

func (p *entries) line(line int) []byte {
	data := bytes.TrimPrefix(p.data, []byte(yaml.ByteOrderMark))
	for ; line > 1; line-- {
		_, data, _ = bytes.Cut(data, []byte("\n"))
	}
	text, _, _ := bytes.Cut(data, []byte("\n"))
	return text
}

// text returns the text of a field; a number is text as written.
func (p *entries) text(f yaml.Field, most int) (string, bool) {
	if f.Value.Kind != yaml.Text && f.Value.Kind != yaml.Number {
		p.mistake(f.Line, f.Key, "expected text for %s, found %s", f.Key, f.Value.Kind)
		return "", false
	}
	if len(f.Value.Text) > most {
		p.mistake(f.Line, f.Key, "%s has %d bytes, at most %d are allowed", f.Key, len(f.Value.Text), most)
		return "", false
	}
	return f.Value.Text, true
}

// texts returns a list of texts, or one text as a list.
func (p *entries) texts(f yaml.Field, most int) []string {
	items := f.Value.Items
	if f.Value.Kind == yaml.Text || f.Value.Kind == yaml.Number {
		items = []yaml.Node{f.Value}
	} else if f.Value.Kind != yaml.List {
		p.mistake(f.Line, f.Key, "expected a list for %s, found %s", f.Key, f.Value.Kind)
		return nil
	}
	if len(items) > most {
		p.mistake(f.Line, f.Key, "%s has %d entries, at most %d are allowed", f.Key, len(items), most)
		return nil
	}
	var all []string
	for _, item := range items {
		if item.Kind != yaml.Text && item.Kind != yaml.Number || item.Text == "" || len(item.Text) > schedule.MaxIDBytes {
			p.mistake(item.Line, f.Key, "an entry of %s is text of 1 to %d bytes", f.Key, schedule.MaxIDBytes)
			return nil
		}
		all = append(all, item.Text)
	}
	return all
}

func (p *entries) label(f yaml.Field) setting {
	label, ok := p.text(f, MaxLabel)
	if !ok {
		return nil
	}
	if _, err := ParseTemplate(label); err != nil {
		p.mistake(f.Line, f.Key, "%s", strings.Replace(err.Error(), "the message", "the label", 1))
		return nil
	}
	return func(r *Rule) { r.Label = label }
}

func (p *entries) template(f yaml.Field) (Template, bool) {
	text, ok := p.text(f, MaxMessage)
	if !ok {
		return Template{}, false
	}
	t, err := ParseTemplate(text)
	if err != nil {
		p.mistake(f.Line, f.Key, "%v", err)
		return Template{}, false
	}
	return t, true
}

func (p *entries) message(f yaml.Field) setting {
	t, ok := p.template(f)
	if !ok {
		return nil
	}
	return func(r *Rule) { r.Message = t }
}

func (p *entries) hosts(f yaml.Field) HostMatch {
	var m HostMatch
	p.lists(f, map[string]*[]string{"tags": &m.Tags, "not_tags": &m.NotTags, "ids": &m.IDs})
	return m
}

func (p *entries) checks(f yaml.Field) setting {
	var m CheckMatch
	p.lists(f, map[string]*[]string{"type": &m.Types, "id": &m.IDs})
	return func(r *Rule) { r.Checks = m }
}

// lists reads a mapping of lists.
func (p *entries) lists(f yaml.Field, into map[string]*[]string) {
	if f.Value.Kind != yaml.Map {
		p.mistake(f.Line, f.Key, "expected a mapping for %s, found %s", f.Key, f.Value.Kind)
		return
	}
	for _, inner := range f.Value.Fields {
		list := into[inner.Key]
		if list == nil {
			known := make([]string, 0, len(into))
			for key := range into {
				known = append(known, key)
			}
			slices.Sort(known)
			p.report(yaml.UnknownKey(p.file, inner, known))
			continue
		}
		*list = p.texts(inner, MaxPatterns)
	}
}

func (p *entries) each(f yaml.Field) setting {
	values := map[string]Each{"dimension": EachDimension, "check": EachCheck, "host": EachHost}
	each, known := values[f.Value.Text]
	if !known {
		p.mistake(f.Line, f.Key, "each is dimension, check or host")
		return nil
	}
	return func(r *Rule) { r.Each = each }
}

func (p *entries) unknown(f yaml.Field) setting {
	if f.Value.Text != "ignore" && f.Value.Text != "notify" {
		p.mistake(f.Line, f.Key, "unknown is ignore or notify")
		return nil
	}
	notify := f.Value.Text == "notify"
	return func(r *Rule) { r.NotifyUnknown = notify }
}

// expression compiles the expression of a field.
func (p *entries) expression(f yaml.Field) *Expr {
	if f.Value.Kind != yaml.Text {
		p.mistakeHelp(f.Line, f.Key, `write one such as last("used") > 90`, "expected an expression for %s, found %s", f.Key, f.Value.Kind)
		return nil
	}
	e, err := Compile(f.Value.Text)
	if err != nil {
		p.badExpression(f, err)
		return nil
	}
	return e
}

func (p *entries) badExpression(f yaml.Field, err error) {
	at := yaml.Error{File: p.file, Line: f.Line, Column: p.column(f.Line, f.Key), Text: f.Key + ": " + err.Error(), Err: err}
	var e *ExprError
	if errors.As(err, &e) {
		at.Help = e.Help
		if i := bytes.Index(p.line(f.Line), []byte(f.Value.Text)); i >= 0 && p.data != nil && e.Line == 1 {
			at.Column = utf8.RuneCount(p.line(f.Line)[:i]) + e.Column
		} else if e.Line > 0 {
			at.Text = fmt.Sprintf("%s: line %d, column %d of the expression: %s", f.Key, e.Line, e.Column, e.Text)
		}
	}
	p.report(&at)
}

func (p *entries) clear(f yaml.Field) setting {
	e := p.expression(f)
	if e == nil {
		return nil
	}
	return func(r *Rule) { r.Clear = e }
}

// state returns the setting of warning or critical: an expression, or off.
func (p *entries) state(f yaml.Field, s State) setting {
	without := func(r *Rule) { r.Cases = slices.DeleteFunc(r.Cases, func(c Case) bool { return c.State == s }) }
	if f.Value.Text == "off" && f.Value.Kind == yaml.Text || f.Value.Kind == yaml.Bool && f.Value.Text == "false" {
		return without
	}
	e := p.expression(f)
	if e == nil {
		return nil
	}
	return func(r *Rule) {
		var message Template
		for _, c := range r.Cases {
			if c.State == s {
				message = c.Message
			}
		}
		without(r)
		r.Cases = append(r.Cases, Case{When: e, State: s, Message: message})
	}
}

func (p *entries) cases(f yaml.Field) setting {
	if f.Value.Kind != yaml.List || len(f.Value.Items) > MaxCases {
		p.mistake(f.Line, f.Key, "expected a list of at most %d cases", MaxCases)
		return nil
	}
	var all []Case
	for _, n := range f.Value.Items {
		if c, ok := p.oneCase(n); ok {
			all = append(all, c)
		}
	}
	return func(r *Rule) { r.Cases = slices.Clone(all) }
}

func (p *entries) oneCase(n yaml.Node) (Case, bool) {
	if n.Kind != yaml.Map {
		p.mistake(n.Line, "", "expected a case with if and state, found %s", n.Kind)
		return Case{}, false
	}
	c := Case{written: true}
	hasState := false
	for _, f := range n.Fields {
		switch f.Key {
		case "if":
			c.When = p.expression(f)
		case "state":
			state, err := ParseState(strings.ToUpper(f.Value.Text))
			if err != nil || state == Unknown {
				p.mistake(f.Line, f.Key, "a case leads to OK, WARNING, CRITICAL or SILENT")
				return Case{}, false
			}
			c.State, hasState = state, true
		case "message":
			c.Message, _ = p.template(f)
		default:
			p.report(yaml.UnknownKey(p.file, f, []string{"if", "state", "message"}))
			return Case{}, false
		}
	}
	if c.When == nil || !hasState {
		p.mistake(n.Line, "", "a case has if and state")
		return Case{}, false
	}
	return c, true
}

// span reads a time, or a number of periods such as 3p.
func (p *entries) span(f yaml.Field, set func(*Rule, Span)) setting {
	s, err := ParseSpan(f.Value.Text)
	if err != nil || f.Value.Kind != yaml.Text {
		p.mistakeHelp(f.Line, f.Key, "write a time such as 10m, or a number of results such as 3p",
			"%s is between 1s and %.0fd, or between 1p and %dp", f.Key, MaxFor.Hours()/24, MaxForCount)
		return nil
	}
	return func(r *Rule) { set(r, s) }
}

// errSpan is returned by ParseSpan.
var errSpan = errors.New("neither a time such as 10m nor a number of results such as 3p")

// ParseSpan reads "10m" or "3p".
func ParseSpan(text string) (Span, error) {
	if digits, ok := strings.CutSuffix(text, "p"); ok {
		n, err := strconv.Atoi(digits)
		if err != nil || n < 1 || n > MaxForCount {
			return Span{}, errSpan
		}
		return Span{Count: n}, nil
	}
	d, err := schedule.ParseDuration(text)
	if err != nil || d < time.Second || d > MaxFor {
		return Span{}, errSpan
	}
	return Span{Time: d}, nil
}

// String returns the span as it is written in files.
func (s Span) String() string {
	if s.Time > 0 {
		return shortDuration(s.Time)
	}
	return strconv.Itoa(max(s.Count, 1)) + "p"
}

func (p *entries) escalate(f yaml.Field) setting {
	if f.Value.Kind != yaml.List || len(f.Value.Items) > MaxEscalations {
		p.mistake(f.Line, f.Key, "expected a list of at most %d steps such as {after: 30m, to: [boss]}", MaxEscalations)
		return nil
	}
	var all []Escalation
	for _, n := range f.Value.Items {
		var e Escalation
		for _, inner := range n.Fields {
			switch inner.Key {
			case "after":
				d, err := schedule.ParseDuration(inner.Value.Text)
				if err != nil || d > MaxFor {
					p.mistake(inner.Line, inner.Key, "after %q: not a time up to %.0fd", shorttext.Truncate(inner.Value.Text, 64), MaxFor.Hours()/24)
				}
				e.After = d
			case "to":
				e.To = p.texts(inner, MaxRecipients)
			default:
				p.report(yaml.UnknownKey(p.file, inner, []string{"after", "to"}))
			}
		}
		if e.After <= 0 || len(e.To) == 0 {
			p.mistake(n.Line, "", "a step of escalate has after and to")
		}
		all = append(all, e)
	}
	return func(r *Rule) { r.Escalate = all }
}
