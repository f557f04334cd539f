package plugin

import (
	"fmt"
	"math"
	"strings"

	"virgo/collect"
)

// checkmkFormat reads what a local check of Checkmk prints: one service a line,
// "[cached(TIME,AGE) ]STATE NAME METRICS[ TEXT]", STATE 0 to 3 or P, METRICS "-" or joined by "|".
type checkmkFormat struct {
	reading
	services int
	wrongs   int       // services that are not ok
	measured bool      // any service has metrics
	alive    bool      // any service is ok or has a warning
	worst    judgement // of all services
	status   string    // text of the first service that is as bad as the worst
}

func (c *checkmkFormat) line(text []byte) {
	if c.over() {
		return
	}
	s := strings.Trim(c.next(text), blanks)
	if s == "" {
		return
	}
	service, fault := serviceOf(s)
	if fault != "" {
		c.wrong(fault)
		return
	}
	c.take(service)
}

func (c *checkmkFormat) partial([]byte) {}

func (c *checkmkFormat) take(s localService) {
	c.add(s.state.metric(s.name))
	for _, item := range s.items {
		c.measured = true
		c.add(item.metric(s.name))
	}
	if s.state != judgedOK {
		c.wrongs++
	}
	c.alive = c.alive || !s.state.fatal()
	if c.services == 0 || s.state.worse(c.worst) {
		c.worst, c.status = s.state, s.name
		if s.text != "" {
			c.status += ": " + s.text
		}
	}
	c.services++
}

// report takes no notice of the exit code, to which Checkmk gives no meaning either.
func (c *checkmkFormat) report(e exit, cut bool) (collect.Report, error) {
	if err := c.refused("checkmk"); err != nil {
		return collect.Report{}, err
	}
	if e.signal != 0 || c.services == 0 && e.code != 0 {
		return collect.Report{}, failure(c.noted(e.fault(), cut))
	}
	status := c.status
	switch {
	case c.services > 1 && c.wrongs == 0:
		status = fmt.Sprintf("All %d services are ok", c.services)
	case c.services > 1:
		status = fmt.Sprintf("%d of %d services not ok: %s", c.wrongs, c.services, status)
	}
	status = c.noted(status, cut)
	if c.services > 0 && !c.alive && !c.measured {
		return collect.Report{Unavailable: true, Status: status}, nil
	}
	return collect.Report{Status: status, Metrics: c.metrics}, nil
}

func (c *checkmkFormat) examined() (string, []Fault) { return "checkmk", c.faults }

// A localService is one line of a local check.
type localService struct {
	state judgement
	name  string
	items []perfItem
	text  string // up to its first line break, written \n
}

// serviceOf reads a line without blanks around it.
func serviceOf(s string) (l localService, fault string) {
	if strings.HasPrefix(s, "cached(") {
		closed := false
		if _, s, closed = strings.Cut(s, ")"); !closed {
			return l, `"cached(" is not closed`
		}
		s = strings.Trim(s, blanks)
	}
	state, rest := firstWord(s)
	computed := state == "P"
	if !computed && (len(state) != 1 || state[0] < '0' || state[0] > '3') {
		return l, fmt.Sprintf("state %.64q is none of 0, 1, 2, 3 and P", state)
	}
	if !computed {
		l.state = judgement(state[0] - '0')
	}
	if l.name, rest, fault = serviceName(rest); fault != "" {
		return l, fault
	}
	metrics, text := firstWord(rest)
	if metrics == "" {
		return l, fmt.Sprintf(`service %.64q has no metrics; "-" stands for none`, l.name)
	}
	l.text, _, _ = strings.Cut(text, `\n`)
	if metrics == "-" {
		return l, ""
	}
	for metric := range strings.SplitSeq(metrics, "|") {
		name, figures, found := strings.Cut(metric, "=")
		if !found {
			return l, fmt.Sprintf("%.64q of service %.64q is no metric=value", metric, l.name)
		}
		item, ok, fault := itemOf(name, figures)
		if !ok {
			return l, fault
		}
		if item.unknown {
			continue
		}
		if j := item.judged(); computed && j.worse(l.state) {
			l.state = j
		}
		if len(l.items) <= collect.MaxMetrics { // one more, which tells that there were more
			l.items = append(l.items, item)
		}
	}
	return l, ""
}

// serviceName takes a name, which quotation marks of either kind may hold together.
func serviceName(s string) (name, rest, fault string) {
	if s == "" {
		return "", "", "no service is named"
	}
	if s[0] != '"' && s[0] != '\'' {
		name, rest = firstWord(s)
		return name, rest, ""
	}
	name, rest, closed := strings.Cut(s[1:], s[:1])
	switch {
	case !closed:
		return "", "", fmt.Sprintf("the name %.64q is not closed by a quotation mark", s)
	case strings.Trim(name, blanks) == "":
		return "", "", "the service's name is empty"
	}
	return name, strings.Trim(rest, blanks), ""
}

// judged compares a metric with its levels, each "[lower:]upper": on the upper one is as bad as above it,
// as Checkmk has it.
func (p perfItem) judged() judgement {
	switch {
	case outside(p.quantity.number, p.crit):
		return judgedCritical
	case outside(p.quantity.number, p.warn):
		return judgedWarning
	}
	return judgedOK
}

func outside(value float64, levels string) bool {
	lower, upper, both := strings.Cut(levels, ":")
	if !both {
		lower, upper = "", levels
	}
	return value >= level(upper, math.Inf(1)) || value < level(lower, math.Inf(-1))
}

func level(s string, none float64) float64 {
	if q, ok := quantityOf(s); ok {
		return q.number
	}
	return none
}
