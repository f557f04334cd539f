package notify

import (
	"encoding/json"
	"math"
	"path"
	"slices"
	"strconv"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/alarm"
)

// MaxMembers bounds the states that an event of many keeps; its text has their number.
const MaxMembers = 100

// reminderLevel is the level of a row that tells again of an alarm that is still open.
const reminderLevel = -1

// hostGroup begins the groups of rows that are about a host.
const hostGroup = "host "

// Route returns the rows of an event: one for each notifier that is told now, and one for each that is told later if
// nobody looks after it. It depends on the event and the configuration alone.
func (c *Config) Route(e watch.Event) []watch.Row {
	if c.Silent() {
		return nil
	}
	ways := c.ways(&e)
	if len(ways) == 0 {
		return nil
	}
	r := router{event: encode(e), at: e.At, group: group(&e, c.window()), due: due(&e, c.window())}
	for _, w := range ways {
		for _, name := range w.notify {
			r.add(name, 0, r.due)
		}
	}
	for _, w := range ways {
		r.later(c, &e, w)
	}
	return r.rows
}

func (c *Config) window() time.Duration {
	if c.Group == 0 {
		return DefaultGroup
	}
	return c.Group
}

// A way is whom one route, or the rule itself, tells.
type way struct {
	notify   []string
	escalate []watch.Escalation
	repeat   time.Duration
}

// ways are those of an event: the rule's own, else those of the routes that fit. Without any route all notifiers are told.
func (c *Config) ways(e *watch.Event) []way {
	names := slices.DeleteFunc(c.resolve(e.Notify), func(n string) bool { return c.Notifier(n) == nil })
	if len(names) > 0 {
		return []way{{notify: names, escalate: e.Escalate}}
	}
	var list []way
	for i := range c.Routes {
		r := &c.Routes[i]
		if !r.fits(e) {
			continue
		}
		w := way{notify: r.Notify, escalate: r.Escalate, repeat: r.Repeat}
		if len(e.Escalate) > 0 {
			w.escalate = e.Escalate
		}
		list = append(list, w)
		if !r.Continue {
			return list
		}
	}
	if len(list) == 0 && len(c.Routes) == 0 {
		all := way{escalate: e.Escalate}
		for _, n := range c.Notifiers {
			all.notify = append(all.notify, n.Name)
		}
		return []way{all}
	}
	return list
}

// resolve replaces notification plans by their notifiers.
func (c *Config) resolve(names []string) []string {
	var list []string
	for _, name := range names {
		if plan := c.Plans[name]; plan != nil {
			list = append(list, plan...)
		} else {
			list = append(list, name)
		}
	}
	return list
}

func (r *RouteConfig) fits(e *watch.Event) bool {
	s := &e.Standing
	switch worst := worst(e); {
	case r.Severity.Worse(worst):
		return false
	case len(r.Rules) > 0 && !slices.ContainsFunc(r.Rules, func(p string) bool { return glob(p, s.Rule) }):
		return false
	}
	if len(e.Members) > 0 {
		return slices.ContainsFunc(e.Members, func(m watch.Standing) bool { return r.fitsHost(&m) })
	}
	return r.fitsHost(s)
}

func (r *RouteConfig) fitsHost(s *watch.Standing) bool {
	named := func(p string) bool { return glob(p, s.AgentID) || glob(p, s.Host) }
	tagged := func(t string) bool { return slices.Contains(s.Tags, t) }
	return (len(r.Hosts) == 0 || slices.ContainsFunc(r.Hosts, named)) &&
		(len(r.Tags) == 0 || slices.ContainsFunc(r.Tags, tagged)) && !slices.ContainsFunc(r.NotTags, tagged)
}

func glob(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

// worst is the worst state that an event is about: the end of a critical alarm is told to those who were told of it.
func worst(e *watch.Event) alarm.State {
	state := e.Standing.State
	if e.Was.Worse(state) {
		state = e.Was
	}
	for _, m := range e.Members {
		if m.State.Worse(state) {
			state = m.State
		}
	}
	if (e.Kind != watch.AlarmEvent) && alarm.Warning.Worse(state) { // it has no state of its own
		state = alarm.Warning
	}
	return state
}

// A router collects the rows of one event, each notifier once at a time.
type router struct {
	event   []byte
	at, due time.Time
	group   string
	rows    []watch.Row
}

func (r *router) add(name string, level int, due time.Time) {
	if slices.ContainsFunc(r.rows, func(o watch.Row) bool { return o.Notifier == name && o.Level == level }) {
		return
	}
	r.rows = append(r.rows, watch.Row{Notifier: name, Group: r.group, Due: due, Created: r.at, Level: level, Event: r.event})
}

// later adds who is told while an alarm stays open, and of an end those who were told so.
func (r *router) later(c *Config, e *watch.Event, w way) {
	if e.Kind != watch.AlarmEvent && e.Kind != watch.FleetEvent {
		return
	}
	open := e.Standing.State.Open() || slices.ContainsFunc(e.Members, func(m watch.Standing) bool { return m.State.Open() })
	if open && w.repeat > 0 {
		for _, name := range w.notify {
			r.add(name, reminderLevel, r.at.Add(w.repeat))
		}
	}
	for i, step := range w.escalate {
		for _, name := range c.resolve(step.To) {
			switch {
			case open:
				r.add(name, i+1, r.at.Add(step.After))
			case e.Was.Open() && openFor(&e.Standing, e.At) >= step.After:
				r.add(name, 0, r.due)
			}
		}
	}
}

// openFor is how long an alarm that ended was open without anybody who looked after it.
func openFor(s *watch.Standing, ended time.Time) time.Duration {
	until := ended
	if s.AckedBy != "" && s.AckedAt.Before(until) {
		until = s.AckedAt
	}
	if s.From.IsZero() {
		return 0
	}
	return until.Sub(s.From)
}

// due is when the window of an event ends; a test does not wait.
func due(e *watch.Event, window time.Duration) time.Time {
	if e.Kind == watch.TestEvent {
		return e.At
	}
	return e.At.Truncate(window).Add(window)
}

// group names what is told together: a host, or an event of many, within a window.
func group(e *watch.Event, window time.Duration) string {
	end := strconv.FormatInt(due(e, window).Unix(), 10)
	if e.Standing.Agent != 0 {
		return hostGroup + strconv.FormatInt(int64(e.Standing.Agent), 10) + "@" + end
	}
	return string(e.Kind) + "@" + end
}

// encode returns the JSON of an event. JSON has no number for infinity, nor for none.
func encode(e watch.Event) []byte {
	e.Standing = finite(e.Standing)
	if len(e.Members) > MaxMembers {
		e.Members = e.Members[:MaxMembers]
	}
	e.Members = slices.Clone(e.Members)
	for i := range e.Members {
		e.Members[i] = finite(e.Members[i])
	}
	e.Notify, e.Escalate = nil, nil
	data, err := json.Marshal(e)
	if err != nil {
		return []byte("{}")
	}
	return data
}

func finite(s watch.Standing) watch.Standing {
	for _, v := range []**float64{&s.Value, &s.Threshold} {
		if *v != nil && (math.IsInf(**v, 0) || math.IsNaN(**v)) {
			*v = nil
		}
	}
	return s
}
