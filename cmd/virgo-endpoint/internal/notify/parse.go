package notify

import (
	"fmt"
	"hash"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule"
	"virgo/schedule/alarm"
	"virgo/schedule/yaml"
)

// A parser reads the tree of a notify.yaml and notes every mistake. No mistake quotes a value: it may be a secret.
type parser struct {
	file     string
	reader   Reader
	sum      hash.Hash // of all that was read
	problems []schedule.Problem
}

var validName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)

func (p *parser) add(err error) { p.problems = append(p.problems, schedule.Problem{Err: err}) }

func (p *parser) mistake(line int, help, text string, args ...any) error {
	err := &yaml.Error{File: p.file, Line: line, Text: fmt.Sprintf(text, args...), Help: help}
	p.add(err)
	return err
}

var configKeys = []string{"notifiers", "routes", "group", "plans", "fallback", "heartbeat"}

func (p *parser) config(root yaml.Node) *Config {
	c := &Config{Group: DefaultGroup}
	switch root.Kind {
	case yaml.Null:
		return c
	case yaml.Map:
	default:
		p.mistake(root.Line, "the keys are "+strings.Join(configKeys, ", "), "the file is no mapping")
		return nil
	}
	for _, f := range root.Fields { // routes name notifiers that may stand behind them
		if f.Key == "notifiers" {
			c.Notifiers = p.notifiers(f)
		}
	}
	for _, f := range root.Fields {
		switch f.Key {
		case "notifiers":
		case "routes":
			c.Routes = p.routes(c, f)
		case "group":
			if d, ok := p.duration(f, time.Second, maxGroup); ok {
				c.Group = d
			}
		case "plans":
			c.Plans = p.plans(c, f)
		case "fallback":
			c.Fallback = p.names(c, f)
		case "heartbeat":
			c.Heartbeats = p.heartbeats(f)
		default:
			p.add(yaml.UnknownKey(p.file, f, configKeys))
		}
	}
	return c
}

func (p *parser) plans(c *Config, f yaml.Field) map[string][]string {
	if f.Value.Kind != yaml.Map {
		p.mistake(f.Line, "plans: {npABCD: [ops]}", "plans is no mapping")
		return nil
	}
	plans := make(map[string][]string)
	for _, plan := range f.Value.Fields {
		if names := p.names(c, plan); len(names) > 0 && len(plans) < maxListItems {
			plans[plan.Key] = names
		}
	}
	return plans
}

var routeKeys = []string{"severity", "hosts", "rules", "tags", "not_tags", "notify", "escalate", "repeat", "continue"}

func (p *parser) routes(c *Config, f yaml.Field) []RouteConfig {
	if f.Value.Kind != yaml.List || len(f.Value.Items) > MaxRoutes {
		p.mistake(f.Line, "routes: [{severity: critical, notify: [ops]}]", "routes is no list of at most %d routes", MaxRoutes)
		return nil
	}
	var list []RouteConfig
	for _, item := range f.Value.Items {
		if item.Kind != yaml.Map {
			p.mistake(item.Line, "- {severity: critical, notify: [ops]}", "a route is no mapping")
			continue
		}
		list = append(list, p.route(c, item))
	}
	return list
}

// route reads one route. What is wrong in it selects less, never nobody: a route without notifiers tells all.
func (p *parser) route(c *Config, n yaml.Node) RouteConfig {
	var r RouteConfig
	told := false
	for _, f := range n.Fields {
		switch f.Key {
		case "severity":
			r.Severity = p.severity(f)
		case "hosts":
			r.Hosts = p.globs(f)
		case "rules":
			r.Rules = p.globs(f)
		case "tags":
			r.Tags = p.texts(f)
		case "not_tags":
			r.NotTags = p.texts(f)
		case "notify":
			r.Notify = p.names(c, f)
			told = f.Value.Kind == yaml.List && len(f.Value.Items) == 0 // [] is: nobody
		case "escalate":
			r.Escalate = p.escalations(c, f)
		case "repeat":
			r.Repeat, _ = p.duration(f, leastRepetition, mostDelay)
		case "continue":
			r.Continue = p.truth(f)
		default:
			p.add(yaml.UnknownKey(p.file, f, routeKeys))
		}
	}
	if len(r.Notify) == 0 && !told && len(r.Escalate) == 0 {
		p.mistake(n.Line, "notify: [NAME, …]; [] tells nobody", "a route tells nobody; it tells all until that is corrected")
		for _, one := range c.Notifiers {
			r.Notify = append(r.Notify, one.Name)
		}
	}
	return r
}

func (p *parser) severity(f yaml.Field) alarm.State {
	if s, err := alarm.ParseState(strings.ToUpper(f.Value.Text)); err == nil && f.Value.Kind == yaml.Text && s.Open() {
		return s
	}
	p.mistake(f.Line, "severity: warning, silent or critical, the least that is told", "severity is no state")
	return alarm.OK
}

func (p *parser) escalations(c *Config, f yaml.Field) []watch.Escalation {
	const help = "escalate: [{after: 30m, to: [boss]}]"
	if f.Value.Kind != yaml.List || len(f.Value.Items) > maxListItems {
		p.mistake(f.Line, help, "escalate is no list")
		return nil
	}
	var list []watch.Escalation
	for _, item := range f.Value.Items {
		var e watch.Escalation
		for _, f := range item.Fields {
			switch f.Key {
			case "after":
				e.After, _ = p.duration(f, time.Second, mostDelay)
			case "to":
				e.To = p.names(c, f)
			default:
				p.add(yaml.UnknownKey(p.file, f, []string{"after", "to"}))
			}
		}
		if e.After == 0 || len(e.To) == 0 {
			p.mistake(item.Line, help, "an escalation needs after and to")
			continue
		}
		list = append(list, e)
	}
	return list
}

func (p *parser) heartbeats(f yaml.Field) []HeartbeatConfig {
	const help = "heartbeat: [{url: env:HEARTBEAT_URL, every: 1m}]"
	if f.Value.Kind != yaml.List || len(f.Value.Items) > maxListItems {
		p.mistake(f.Line, help, "heartbeat is no list")
		return nil
	}
	var list []HeartbeatConfig
	for _, item := range f.Value.Items {
		h, before := HeartbeatConfig{Every: time.Minute}, len(p.problems)
		for _, f := range item.Fields {
			switch f.Key {
			case "url":
				h.URL = p.url(f)
			case "every":
				h.Every, _ = p.duration(f, leastHeartbeat, mostHeartbeat)
			default:
				p.add(yaml.UnknownKey(p.file, f, []string{"url", "every"}))
			}
		}
		if !h.URL.IsSet() && len(p.problems) == before {
			p.mistake(item.Line, help, "a heartbeat has no url")
		}
		if len(p.problems) == before {
			list = append(list, h)
		}
	}
	return list
}

// names reads names of notifiers; those that there are not are mistakes.
func (p *parser) names(c *Config, f yaml.Field) []string {
	var list []string
	for _, name := range p.texts(f) {
		if c.Notifier(name) == nil {
			p.mistake(f.Line, "notifiers: has "+strings.Join(c.Names(), ", "), "%s: there is no notifier with the name %s", f.Key, yaml.QuoteKey(name))
			continue
		}
		list = append(list, name)
	}
	return list
}

// texts reads a list of texts, or one.
func (p *parser) texts(f yaml.Field) []string {
	items := []yaml.Node{f.Value}
	if f.Value.Kind == yaml.List {
		items = f.Value.Items
	}
	if len(items) > maxListItems {
		p.mistake(f.Line, "", "%s has more than %d items", f.Key, maxListItems)
		return nil
	}
	var list []string
	for _, item := range items {
		switch item.Kind {
		case yaml.Text, yaml.Number, yaml.Bool:
			if item.Text != "" && len(item.Text) <= maxTextBytes {
				list = append(list, item.Text)
				continue
			}
		}
		p.mistake(max(item.Line, f.Line), "", "%s: an item is no text of 1 to %d bytes", f.Key, maxTextBytes)
	}
	return list
}

func (p *parser) globs(f yaml.Field) []string {
	list := p.texts(f)
	for _, g := range list {
		if _, err := path.Match(g, ""); err != nil {
			p.mistake(f.Line, "web-* or db-[0-9]", "%s: a pattern is invalid", f.Key)
		}
	}
	return list
}

func (p *parser) duration(f yaml.Field, least, most time.Duration) (time.Duration, bool) {
	d, err := schedule.ParseDuration(f.Value.Text)
	if err != nil || d < least || d > most {
		p.mistake(f.Line, f.Key+": 30s, 10m, 2h or 1d", "%s is no time between %v and %v", f.Key, least, most)
		return 0, false
	}
	return d, true
}

func (p *parser) truth(f yaml.Field) bool {
	b, err := strconv.ParseBool(f.Value.Text)
	if f.Value.Kind != yaml.Bool || err != nil {
		p.mistake(f.Line, "true or false", "%s is neither true nor false", f.Key)
	}
	return b
}

// text reads one text.
func (p *parser) text(f yaml.Field) (string, bool) {
	if (f.Value.Kind == yaml.Text || f.Value.Kind == yaml.Number) && f.Value.Text != "" && len(f.Value.Text) <= maxTextBytes {
		return f.Value.Text, true
	}
	p.mistake(f.Line, "", "%s is no text of 1 to %d bytes", f.Key, maxTextBytes)
	return "", false
}
