package plugin

import (
	"math"
	"strings"

	"virgo/collect"
)

// prometheusFormat reads Prometheus's text exposition format (version 0.0.4, with the quoted names of 1.0.0,
// and what OpenMetrics adds: "# EOF", "# UNIT" and exemplars).
type prometheusFormat struct {
	reading
	family  string // of the last TYPE line: the lines of one family follow it
	counter bool   // what TYPE says of it
	summed  bool   // a histogram or summary: its parts are counters
}

func (p *prometheusFormat) line(text []byte) {
	if p.over() {
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

// comment remembers a TYPE line; all others say nothing that is sent.
func (p *prometheusFormat) comment(s string) {
	words := wordsOf(s[1:])
	if len(words) == 0 || words[0] != "TYPE" || s[1] != ' ' && s[1] != '\t' {
		return
	}
	if len(words) != 3 {
		p.wrong("TYPE line not in the following format: # TYPE <name> <type>")
		return
	}
	p.family = strings.Trim(words[1], `"`)
	p.counter = words[2] == "counter"
	p.summed = words[2] == "histogram" || words[2] == "summary"
}

func (p *prometheusFormat) sample(s string) {
	sample, fault := sampleOf(s)
	if fault != "" {
		p.wrong(fault)
		return
	}
	if math.IsNaN(sample.number) || math.IsInf(sample.number, 0) {
		return
	}
	counts := p.counts(sample.name)
	p.add(collect.Metric{
		Dimension: sample.dimension(),
		Name:      sample.name,
		Type:      figureType(counts),
		Value:     figure(sample.value, sample.number),
		Unit:      baseUnit(sample.name),
	})
}

// counts reports whether a sample of this name only ever grows.
func (p *prometheusFormat) counts(name string) bool {
	part, ours := strings.CutPrefix(name, p.family)
	if !ours || p.family == "" {
		return false
	}
	switch part {
	case "":
		return p.counter
	case "_total":
		return p.counter
	case "_bucket", "_sum", "_count":
		return p.summed
	}
	return false
}

// baseUnit is the unit that a name ends with (Prometheus's naming practices).
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

func (p *prometheusFormat) report(e exit, cut bool) (collect.Report, error) {
	return p.figures("prometheus", e, cut)
}

func (p *prometheusFormat) examined() (string, []Fault) { return "prometheus", p.faults }

// saysPrometheus reports whether a first line is one of Prometheus's: a sample, or a comment that means
// something. "Users: 5" would be a sample, but is nobody's.
func saysPrometheus(s string) bool {
	if s[0] == '#' {
		words := wordsOf(s)
		return len(words) >= 3 && words[0] == "#" && (words[1] == "HELP" || words[1] == "TYPE" || words[1] == "UNIT")
	}
	sample, fault := sampleOf(s)
	return fault == "" && !isJudgement(sample.name) && !strings.HasSuffix(sample.name, ":")
}
