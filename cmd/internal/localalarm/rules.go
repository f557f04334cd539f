package localalarm

import (
	"fmt"
	"time"

	"virgo/schedule"
	"virgo/schedule/alarm"
	"virgo/schedule/yaml"
)

// MaxWindow is the longest time that a rule may look back.
const MaxWindow = time.Hour

// HasAlarms reports whether any of a host's own checks has alarms.
func HasAlarms(s *schedule.Schedule) bool {
	for i := range s.Checks {
		if isJudged(&s.Checks[i]) {
			return true
		}
	}
	return false
}

func isJudged(c *schedule.Check) bool {
	return c.Alarms != nil && !c.FromEndpoint && c.Fault == "" && !c.Disabled
}

// Rules returns the rules of a check, and the mistakes in them.
func Rules(c *schedule.Check) ([]alarm.Rule, []schedule.Problem) {
	return local(alarm.ParseCheck(c))
}

// ProblemsOf returns the mistakes in the alarms of a file with checks, with their lines.
func ProblemsOf(file string, data []byte, parse yaml.Parser) []schedule.Problem {
	_, problems := local(alarm.ParseChecks(file, data, parse))
	return problems
}

// local returns the rules that a host can judge.
func local(rules []alarm.Rule, problems []schedule.Problem) ([]alarm.Rule, []schedule.Problem) {
	var all []alarm.Rule
	for i := range rules {
		r := &rules[i]
		text := beyond(r)
		if text == "" {
			all = append(all, *r)
			continue
		}
		check := checkOf(r)
		problems = append(problems, schedule.Problem{CheckID: check, Err: &yaml.Error{
			File: r.File, Line: r.Line, Text: fmt.Sprintf("alarm %q of check %q: %s", name(r), check, text),
		}})
	}
	return all, problems
}

// checkOf returns the id of the check that a rule belongs to, name that of the alarm within it.
func checkOf(r *alarm.Rule) string { return r.Checks.IDs[0] }

func name(r *alarm.Rule) string { return r.ID[len(alarm.CheckRulePrefix)+len(checkOf(r))+1:] }

// beyond returns what in a rule only an endpoint can do; empty if there is nothing.
func beyond(r *alarm.Rule) string {
	switch {
	case r.UsesHost():
		return "host.* is known to an endpoint only"
	case r.UsesTime():
		return "age() is of use at an endpoint only: here a check is judged when it has run"
	case len(r.Notify) > 0 || len(r.Escalate) > 0:
		return "notify and escalate are for an endpoint; here alarm.command and alarm.webhook of virgo.yaml are told"
	}
	for _, c := range r.Cases {
		if c.State == alarm.Silent {
			return "SILENT is known to an endpoint only"
		}
	}
	for _, w := range alarm.Needs([]alarm.Rule{*r}).Windows() {
		if w.Over > MaxWindow {
			return fmt.Sprintf("%s is looked back on for over an hour, which only an endpoint does", w.Metric)
		}
	}
	return ""
}
