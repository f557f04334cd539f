package alarm

import (
	"slices"
	"strconv"
	"strings"

	"virgo/schedule"
	rule "virgo/schedule/alarm"
)

// A Selection is the rules of a check of a host, or of a host itself. Many hosts share one; it must not be changed.
type Selection struct {
	Rules []rule.Rule
	// Needs is what has to be remembered for them.
	Needs rule.Needed
	label string
}

// checkAlarms are the alarms of the checks of one schedule.
type checkAlarms struct {
	rules    map[string][]rule.Rule // by check
	labels   map[string]string
	problems []schedule.Problem
}

// maxSchedules bounds the schedules whose alarms are remembered; an endpoint with more parses some again.
const maxSchedules = 1_000

// A CheckRef names a check. The zero value stands for the host itself.
type CheckRef struct {
	ID, Type string
	// Schedule is the schedule that the host was sent, with its hash; empty: the check has no alarms of its own.
	Schedule []byte
	Hash     string
}

// For returns the rules of a check of a host: the alarms of the check itself, then all that select it. A check's own
// alarm replaces the rule with its id.
func (r *Rules) For(h *rule.Host, c CheckRef) *Selection {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []rule.Rule
	var key strings.Builder
	label := ""
	if own := r.ownAlarms(c); own != nil {
		list = append(list, own.rules[c.ID]...)
		label = own.labels[c.ID]
		if len(list) > 0 || label != "" {
			key.WriteString(c.Hash + "\x00" + c.ID + "\x00")
		}
	}
	for i := range r.list {
		base := &r.list[i]
		if (base.Each == rule.EachHost) != (c.ID == "") || r.disabled[base.ID] || !base.Hosts.Match(h) ||
			c.ID != "" && !base.Checks.Match(c.Type, c.ID) || replaced(list, c.ID, base.ID) {
			continue
		}
		one, name := r.overridden(i, h)
		if one.Disabled {
			continue
		}
		list = append(list, one)
		key.WriteString(name)
	}
	if s := r.selections[key.String()]; s != nil {
		return s
	}
	s := &Selection{Rules: slices.Clip(list), Needs: rule.Needs(list), label: label}
	r.selections[key.String()] = s
	return s
}

// replaced reports whether a check's own alarms have the id of a rule.
func replaced(own []rule.Rule, checkID, id string) bool {
	full := rule.CheckRulePrefix + checkID + "/" + id
	return slices.ContainsFunc(own, func(o rule.Rule) bool { return o.ID == full })
}

// overridden returns a rule with the overrides for a host, the most specific one last, and a name for the combination.
func (r *Rules) overridden(index int, h *rule.Host) (one rule.Rule, name string) {
	base := &r.list[index]
	name = strconv.Itoa(index)
	var apply []*rule.Override
	for i := range r.overrides {
		if o := &r.overrides[i]; o.Of == base.ID && o.Hosts.Match(h) {
			apply = append(apply, o)
			name += "+" + strconv.Itoa(i)
		}
	}
	name += ","
	if len(apply) == 0 {
		return *base, name
	}
	known, found := r.applied[name]
	if !found {
		known = *base
		for _, o := range apply {
			if changed, err := o.Apply(known); err == nil { // else it is among the problems
				known = changed
			}
		}
		r.applied[name] = known
	}
	return known, name
}

// ownAlarms returns the alarms of a schedule's checks; nil without one.
func (r *Rules) ownAlarms(c CheckRef) *checkAlarms {
	if c.ID == "" || c.Hash == "" {
		return nil
	}
	if known := r.schedules[c.Hash]; known != nil {
		return known
	}
	own := &checkAlarms{rules: map[string][]rule.Rule{}, labels: map[string]string{}}
	parsed, _, _, err := schedule.ParseEndpoint(c.Schedule)
	if err == nil {
		for i := range parsed.Checks {
			check := &parsed.Checks[i]
			if check.Label != "" {
				own.labels[check.ID] = check.Label
			}
			rules, problems := rule.ParseCheck(check)
			if len(rules) > 0 {
				own.rules[check.ID] = rules
			}
			own.problems = append(own.problems, problems...)
		}
	}
	if len(r.schedules) >= maxSchedules {
		clear(r.schedules)
	}
	r.schedules[c.Hash] = own
	return own
}

// A Why says where a rule of a selection is from.
type Why struct {
	File string
	Line int
	// Overrides are those that changed it, the one that counts most last.
	Overrides []rule.Override
}

// Why returns where a rule of a host is from; it is not ok for the alarms of a check, and for one that does not exist.
func (r *Rules) Why(h *rule.Host, id string) (w Why, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.list, func(o rule.Rule) bool { return o.ID == id })
	if i < 0 {
		return Why{}, false
	}
	w = Why{File: r.list[i].File, Line: r.list[i].Line}
	for _, o := range r.overrides {
		if o.Of == id && o.Hosts.Match(h) {
			w.Overrides = append(w.Overrides, o)
		}
	}
	return w, true
}
