package plugin

import (
	"strings"
	"unicode/utf8"

	"virgo/collect"
)

// nagiosFormat reads what a plugin for Nagios, Icinga or Naemon prints: a line of text and performance data
// after "|", then lines of long text, which are passed over, and after the first "|" in them nothing but
// performance data.
//
// Performance data that cannot be read is left out, as Nagios does: the judgement is the exit code's.
type nagiosFormat struct {
	reading
	begun  bool
	status string
	perf   bool // all that comes is performance data
}

func (n *nagiosFormat) line(text []byte) { n.read(n.next(text)) }

// partial reads what is whole of a line whose rest was cut: its text, or the items but the last. That one
// is no fault of the plugin's.
func (n *nagiosFormat) partial(text []byte) {
	s, faults := n.next(text), n.faults
	if n.perf || strings.Contains(s, "|") {
		s = s[:max(0, strings.LastIndexAny(s, "|"+blanks))]
	}
	n.read(s)
	n.faults = faults
}

func (n *nagiosFormat) read(s string) {
	if n.perf {
		n.perfdata(s)
		return
	}
	text, data, piped := strings.Cut(s, "|")
	if !n.begun {
		const most = collect.MaxStatusRunes * utf8.UTFMax
		n.status = strings.Trim(text[:min(len(text), most)], blanks)
		n.begun = n.status != "" || piped
	} else {
		n.perf = piped
	}
	n.perfdata(data)
}

func (n *nagiosFormat) perfdata(s string) {
	for s = strings.Trim(s, blanks); s != ""; {
		item, rest, ok, fault := nextItem(s)
		if fault != "" {
			n.wrong(fault)
		}
		if ok && !item.unknown {
			n.add(item.metric(""))
		}
		s = rest
	}
}

func (n *nagiosFormat) report(e exit, cut bool) (collect.Report, error) {
	said, status := e.fault(), n.status
	if judgement(e.code) < judgedOK || judgement(e.code) > judgedUnknown || e.signal != 0 {
		if status != "" {
			said += ": " + status
		}
		return collect.Report{}, failure(n.noted(said, cut))
	}
	if status == "" {
		status = said
	}
	j := judgement(e.code)
	if j.fatal() && len(n.metrics) == 0 {
		return collect.Report{Unavailable: true, Status: n.noted(status, cut)}, nil
	}
	if len(n.metrics) == collect.MaxMetrics {
		n.metrics, n.note = n.metrics[:collect.MaxMetrics-1], cutAtMetrics
	}
	return collect.Report{Status: n.noted(status, cut), Metrics: append(n.metrics, j.metric(""))}, nil
}

func (n *nagiosFormat) examined() (string, []Fault) { return "nagios", n.faults }

// hasPerfdata reports whether a first line has performance data.
func hasPerfdata(s string) bool {
	_, data, _ := strings.Cut(s, "|")
	if data = strings.Trim(data, blanks); data == "" {
		return false
	}
	_, _, ok, _ := nextItem(data)
	return ok
}

// saysJudgement reports whether a first line has one of the words for a judgement in capitals, or "ok" in any
// letters before a hyphen or colon.
func saysJudgement(s string) bool {
	words := wordsOf(s)
	for i, word := range words {
		bare := strings.Trim(word, ":;,.-!()[]")
		if isJudgement(bare) {
			return true
		}
		if strings.EqualFold(bare, "ok") && (strings.HasSuffix(word, ":") || i+1 < len(words) && words[i+1] == "-") {
			return true
		}
	}
	return false
}

// isJudgement reports whether a word says how a plugin for Nagios judged.
func isJudgement(word string) bool {
	switch word {
	case "OK", "WARNING", "WARN", "CRITICAL", "CRIT", "UNKNOWN":
		return true
	}
	return false
}
