package alarm

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
	rule "virgo/schedule/alarm"
)

const (
	// allHosts stands for the tag that every host has.
	allHosts = "*"
	// leastTold and mostTold bound how long the silence of a host waits to be told, which is one of its periods: by
	// then all hosts that went silent with it are.
	leastTold, mostTold = time.Minute, 10 * time.Minute
	// fleetHosts is the least number of hosts whose silence is one event.
	fleetHosts = 3
)

// fleetRule is the rule in the changes of events of many hosts; the scope is their dimension.
const fleetRule = "fleet"

// hostSilence reports whether a change is that a host went silent, or came back.
func hostSilence(s *state, t rule.Transition) bool {
	return s.CheckID == "" && (t.State == rule.Silent && s.machine.Base == rule.Silent || t.Was == rule.Silent && s.fleet != "")
}

// untold are the changes of one host's silence that wait to be told.
type untold struct {
	h *host
	s *state
}

func (u *untold) due(now time.Time) bool {
	return now.Sub(u.s.waits) >= min(max(leastTold, u.h.facts.Period), mostTold)
}

// tellSilence tells of hosts that went silent or came back, most of a tag's hosts together.
func (e *Engine) tellSilence(now time.Time) {
	var gone, back []untold
	due := false
	for _, h := range e.hosts {
		for _, s := range h.states {
			if s.waits.IsZero() {
				continue
			}
			u := untold{h, s}
			due = due || u.due(now)
			if s.machine.State == rule.Silent {
				gone = append(gone, u)
			} else {
				back = append(back, u)
			}
		}
	}
	if !due {
		return
	}
	byHost := func(a, b untold) int { return cmp.Compare(a.h.facts.ID, b.h.facts.ID) }
	slices.SortFunc(gone, byHost)
	slices.SortFunc(back, byHost)
	if len(gone) > 0 {
		e.tellGone(gone, now)
	}
	e.tellBack(back, now)
}

// A scope counts hosts: all, those with a tag.
type scope struct{ total, silent int }

// scopes counts the hosts of which results are expected, by tag.
func (e *Engine) scopes() map[string]*scope {
	counts := map[string]*scope{}
	add := func(name string, silent bool) {
		c := counts[name]
		if c == nil {
			c = &scope{}
			counts[name] = c
		}
		c.total++
		if silent {
			c.silent++
		}
	}
	for _, h := range e.hosts {
		if h.number == 0 || h.bundles || h.seen.IsZero() {
			continue
		}
		silent := h.silent()
		add(allHosts, silent)
		for _, tag := range h.facts.Tags {
			add(tag, silent)
		}
	}
	return counts
}

// tellGone tells of hosts that went silent: those of a scope most of whose hosts are silent together, the largest scope
// first, the others one by one when they are due.
func (e *Engine) tellGone(gone []untold, now time.Time) {
	counts := e.scopes()
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b].total, counts[a].total), cmp.Compare(a, b))
	})
	for _, name := range names {
		c := counts[name]
		if c.silent < fleetHosts || 2*c.silent <= c.total {
			continue
		}
		in := func(u untold) bool { return name == allHosts || slices.Contains(u.h.facts.Tags, name) }
		var members []watch.Standing
		for _, u := range gone {
			if in(u) {
				members = append(members, u.s.Standing)
				u.s.told, u.s.fleet, u.s.waits = rule.Silent, name, time.Time{}
				e.step.touch(u.s)
			}
		}
		gone = slices.DeleteFunc(gone, in)
		if len(members) == 0 || e.fleets[name] { // told already: these joined it
			continue
		}
		e.fleets[name] = true
		e.fleetEvent(name, fmt.Sprintf("%d of %d hosts%s are silent", c.silent, c.total, ofTag(name)), members, rule.OK, rule.Silent, now)
	}
	for _, u := range gone {
		if u.due(now) {
			e.tellOne(u, rule.OK, rule.Silent, now)
		}
	}
}

// tellBack tells of hosts that came back whose silence was told together.
func (e *Engine) tellBack(back []untold, now time.Time) {
	counts := e.scopes()
	for name := range e.fleets {
		var members []watch.Standing
		due := false
		for _, u := range back {
			if u.s.fleet == name {
				members = append(members, u.s.Standing)
				due = due || u.due(now)
			}
		}
		if !due {
			continue
		}
		for _, u := range back {
			if u.s.fleet == name {
				u.s.told, u.s.fleet, u.s.waits = rule.OK, "", time.Time{}
				e.step.touch(u.s)
				e.tidy(u.h, keyOf(u.s.Key), u.s)
			}
		}
		c := counts[name]
		if c == nil {
			c = &scope{}
		}
		text := fmt.Sprintf("%d of %d hosts%s are back", len(members), c.total, ofTag(name))
		if c.silent > 0 {
			text += fmt.Sprintf(", %d are still silent", c.silent)
		} else {
			delete(e.fleets, name)
		}
		e.fleetEvent(name, text, members, rule.Silent, rule.OK, now)
	}
}

func ofTag(name string) string {
	if name == allHosts {
		return ""
	}
	return fmt.Sprintf(" with the tag %q", name)
}

// fleetEvent records and tells a change of many hosts.
func (e *Engine) fleetEvent(name, text string, members []watch.Standing, was, state rule.State, now time.Time) {
	standing := watch.Standing{Key: watch.Key{Rule: fleetRule, Dimension: name}, State: state, Since: now, Text: text, To: now}
	if name != allHosts {
		standing.Tags = []string{name}
	}
	for i := range members {
		if from := members[i].From; standing.From.IsZero() || from.Before(standing.From) {
			standing.From = from
		}
		members[i].To = now
	}
	e.step.change(watch.Change{Key: standing.Key, At: now, Was: was, State: state, Text: text, Kind: watch.Fleet}, 0)
	e.send(watch.Event{Kind: watch.FleetEvent, Standing: standing, Was: was, At: now, Text: text, Members: members}, nil)
}

// tellOne tells of one host's silence.
func (e *Engine) tellOne(u untold, was, state rule.State, now time.Time) {
	u.s.told, u.s.waits = state, time.Time{}
	e.step.touch(u.s)
	standing := u.s.Standing
	standing.To = now
	e.send(watch.Event{Kind: watch.AlarmEvent, Standing: standing, Was: was, At: now}, u.h.ruleOf(keyOf(u.s.Key)))
}

// wait lets a change to or from SILENT wait for those of other hosts.
func (e *Engine) wait(s *state, t rule.Transition) {
	s.waits = t.At
	e.step.touch(s)
}
