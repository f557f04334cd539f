package plugin

import (
	"cmp"
	"fmt"
	"math"
	"strings"

	"virgo/collect"
)

// checkmkFormat reads the output of a Checkmk local check: a service a line,
// "[cached(TIME,AGE) ]STATE NAME METRICS[ TEXT]", STATE 0 to 3 or P, METRICS "-" or joined by "|".
type checkmkFormat struct {
	parser
	services   int
	notOK      int          // services in another state than ok
	anyMetric  bool         // some service has metrics
	anyWorking bool         // some service is ok or warning
	worst      serviceState // the worst state of all services
	status     string       // of the first service in that state
}

func (c *checkmkFormat) line(text []byte) {
	if c.stopped() {
		return
	}
	s := strings.Trim(c.next(text), blanks)
	if s == "" {
		return
	}
	// As in Checkmk, a line that cannot be read costs itself, and so does an item of it.
	service, fault := parseService(s)
	if fault != "" {
		c.skip(fault)
	}
	if service.name != "" {
		c.addService(service)
	}
}

func (c *checkmkFormat) partial([]byte) {}

func (c *checkmkFormat) addService(s checkmkService) {
	c.add(s.state.metric(s.name))
	for _, item := range s.items {
		c.anyMetric = true
		c.add(item.metric(s.name))
	}
	if s.state != stateOK {
		c.notOK++
	}
	c.anyWorking = c.anyWorking || !s.state.isFailed()
	if c.services == 0 || s.state.worseThan(c.worst) {
		c.worst, c.status = s.state, s.name
		if s.text != "" {
			c.status += ": " + s.text
		}
	}
	c.services++
}

// report ignores the exit code where services were printed, as Checkmk does.
func (c *checkmkFormat) report(e exit, truncated bool) (collect.Report, error) {
	if err := c.failed("checkmk"); err != nil {
		return collect.Report{}, err
	}
	if e.signal != 0 || c.services == 0 && e.code != 0 {
		return collect.Report{}, failure(c.withNote(e.fault(), truncated))
	}
	status := c.status
	switch {
	case c.services > 1 && c.notOK == 0:
		status = fmt.Sprintf("All %d services are ok", c.services)
	case c.services > 1:
		status = fmt.Sprintf("%d of %d services not ok: %s", c.notOK, c.services, status)
	}
	status = c.withNote(status, truncated)
	if c.services > 0 && !c.anyWorking && !c.anyMetric {
		return collect.Report{Unavailable: true, Status: status}, nil
	}
	return collect.Report{Status: status, Metrics: c.metrics}, nil
}

func (c *checkmkFormat) diagnosis() (string, []Fault) { return "checkmk", c.faults }

// A checkmkService is one line of a local check.
type checkmkService struct {
	state serviceState
	name  string
	items []perfMetric
	text  string // up to its first line break, which is printed as \n
}

// parseService parses a line that has no blanks around it. With a fault, the service has a name only
// if the line is a service's, and then the items that could be read.
func parseService(s string) (l checkmkService, fault string) {
	if strings.HasPrefix(s, "cached(") {
		closed := false
		if _, s, closed = strings.Cut(s, ")"); !closed {
			return l, `"cached(" is not closed`
		}
		s = strings.Trim(s, blanks)
	}
	state, rest := cutWord(s)
	computed := state == "P"
	known := computed || len(state) == 1 && '0' <= state[0] && state[0] <= '3'
	if known && !computed {
		l.state = serviceState(state[0] - '0')
	}
	badState := fmt.Sprintf("state %.64q is not one of 0, 1, 2, 3 and P", state)
	name, rest, fault := cutServiceName(rest)
	metrics, text := cutWord(rest)
	switch {
	case !known && (fault != "" || metrics != "-" && !strings.Contains(metrics, "=")):
		return l, badState
	case fault != "":
		return l, fault
	case metrics == "":
		return l, fmt.Sprintf(`service %.64q has no metrics; "-" stands for none`, name)
	}
	l.name = name
	l.text, _, _ = strings.Cut(text, `\n`)
	if !known {
		fault = badState
	}
	if metrics != "-" {
		fault = cmp.Or(fault, l.parseMetrics(metrics, computed))
	}
	if !known {
		l.state = stateUnknown
	}
	return l, fault
}

// parseMetrics adds the items of "metric=value|metric=value", and returns the first fault. As in
// Checkmk, an item without "=" makes the state unknown, and an empty value is 0. Any other text that
// is no number is left out with a fault; NaN and infinities are left out.
func (l *checkmkService) parseMetrics(metrics string, computed bool) (fault string) {
	for metric := range strings.SplitSeq(metrics, "|") {
		name, fields, found := strings.Cut(metric, "=")
		value, levels, _ := strings.Cut(fields, ";")
		if value == "" {
			fields = "0;" + levels
		}
		if isNotFinite(value) {
			continue
		}
		item, ok, itemFault := parseItem(name, fields)
		if !found {
			l.state = stateUnknown
			ok, itemFault = false, fmt.Sprintf("%.64q of service %.64q is not metric=value", metric, l.name)
		}
		if !ok {
			fault = cmp.Or(fault, itemFault)
			continue
		}
		if item.unknown {
			continue
		}
		if j := item.stateByLevels(); computed && j.worseThan(l.state) {
			l.state = j
		}
		if len(l.items) <= collect.MaxMetrics { // one above the limit, so that the excess is noticed
			l.items = append(l.items, item)
		}
	}
	return fault
}

// isNotFinite reports whether s is what Python prints and reads for NaN and the infinities.
func isNotFinite(s string) bool {
	switch strings.ToLower(strings.TrimLeft(s, "+-")) {
	case "nan", "inf", "infinity":
		return true
	}
	return false
}

// cutServiceName splits off the service's name, which may stand in quotation marks of either kind.
func cutServiceName(s string) (name, rest, fault string) {
	if s == "" {
		return "", "", "the service's name is missing"
	}
	if s[0] != '"' && s[0] != '\'' {
		name, rest = cutWord(s)
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

// stateByLevels compares the value with the levels, each "[lower:]upper". As in Checkmk, a value
// equal to the upper level exceeds it.
func (p perfMetric) stateByLevels() serviceState {
	switch {
	case exceeds(p.quantity.number, p.crit):
		return stateCritical
	case exceeds(p.quantity.number, p.warn):
		return stateWarning
	}
	return stateOK
}

// exceeds reports whether the value lies outside the levels.
func exceeds(value float64, levels string) bool {
	lower, upper, both := strings.Cut(levels, ":")
	if !both {
		lower, upper = "", levels
	}
	return value >= parseLevel(upper, math.Inf(1)) || value < parseLevel(lower, math.Inf(-1))
}

// parseLevel returns the level, or none where s is not a quantity.
func parseLevel(s string, none float64) float64 {
	if q, ok := parseQuantity(s); ok {
		return q.number
	}
	return none
}
