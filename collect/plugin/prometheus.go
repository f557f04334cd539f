package plugin

import (
	"math"
	"slices"
	"strings"

	"virgo/collect"
)

// prometheusFormat reads Prometheus's text exposition format (version 0.0.4, the quoted names of
// 1.0.0, and the "# EOF", "# UNIT" and exemplars of OpenMetrics).
type prometheusFormat struct {
	parser
	family       string // of the last TYPE line, which precedes the family's samples
	counter      bool   // the family is a counter
	distribution bool   // the family is a histogram or summary, whose parts are counters
}

func (p *prometheusFormat) line(text []byte) {
	if p.stopped() {
		return
	}
	s := strings.Trim(p.next(text), blanks)
	switch {
	case s == "":
	case s[0] == '#':
		p.comment(s)
	default:
		p.sample(s)
	}
}

func (p *prometheusFormat) partial([]byte) {}

// comment reads a TYPE line; others are ignored.
func (p *prometheusFormat) comment(s string) {
	words := splitBlanks(s[1:])
	if len(words) == 0 || words[0] != "TYPE" || s[1] != ' ' && s[1] != '\t' {
		return
	}
	if len(words) != 3 {
		p.addFault("TYPE line not in the following format: # TYPE <name> <type>")
		return
	}
	p.family = strings.Trim(words[1], `"`)
	p.counter = words[2] == "counter"
	p.distribution = words[2] == "histogram" || words[2] == "summary"
}

func (p *prometheusFormat) sample(s string) {
	sample, fault := parseSample(s)
	if fault != "" {
		p.addFault(fault)
		return
	}
	if math.IsNaN(sample.number) || math.IsInf(sample.number, 0) {
		return
	}
	p.add(collect.Metric{
		Dimension: sample.dimension(),
		Name:      sample.name,
		Type:      numberType(p.isCounter(sample.name)),
		Value:     formatNumber(sample.value, sample.number),
		Unit:      baseUnit(sample.name),
	})
}

// isCounter reports whether a sample of this name is a counter, by the last TYPE line.
func (p *prometheusFormat) isCounter(name string) bool {
	suffix, member := strings.CutPrefix(name, p.family)
	if !member || p.family == "" {
		return false
	}
	switch suffix {
	case "", "_total":
		return p.counter
	case "_bucket", "_sum", "_count":
		return p.distribution
	}
	return false
}

// baseUnit returns the unit at the end of a name (Prometheus's naming practices); empty where there
// is none.
func baseUnit(name string) string {
	name = strings.TrimSuffix(strings.TrimSuffix(name, "_total"), "_sum")
	switch {
	case strings.HasSuffix(name, "_seconds"):
		return "seconds"
	case strings.HasSuffix(name, "_bytes"):
		return "bytes"
	}
	return ""
}

func (p *prometheusFormat) report(e exit, truncated bool) (collect.Report, error) {
	return p.metricsReport("prometheus", e, truncated)
}

func (p *prometheusFormat) diagnosis() (string, []Fault) { return "prometheus", p.faults }

// isPrometheusLine reports whether a first line is a sample or a HELP, TYPE or UNIT comment.
// "Users: 5" is a valid sample, but not taken for one.
func isPrometheusLine(s string) bool {
	if s[0] == '#' {
		words := splitBlanks(s)
		return len(words) >= 3 && words[0] == "#" && slices.Contains([]string{"HELP", "TYPE", "UNIT"}, words[1])
	}
	sample, fault := parseSample(s)
	return fault == "" && !isStateWord(sample.name) && !strings.HasSuffix(sample.name, ":")
}
