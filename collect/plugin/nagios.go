package plugin

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"virgo/collect"
)

// nagiosFormat reads the output of a plugin for Nagios, Icinga or Naemon: a line of text with
// performance data behind "|", then lines of long text, which are ignored, and from the first "|"
// in them on nothing but performance data.
//
// As in Nagios, invalid performance data is ignored: the exit code alone is the state.
type nagiosFormat struct {
	parser
	gotStatus  bool
	status     string
	inPerfdata bool   // all further lines are performance data
	prefix     string // of the labels that follow; see qualify
}

func (n *nagiosFormat) line(text []byte) { n.read(n.next(text)) }

// partial reads the text or the complete items of an incomplete line. Its faults are not the
// plugin's.
func (n *nagiosFormat) partial(text []byte) {
	s, faults := n.next(text), n.faults
	skipped, skips := n.skipped, n.skips
	if n.inPerfdata || strings.Contains(s, "|") {
		s = s[:max(0, strings.LastIndexAny(s, "|"+blanks))]
	}
	n.read(s)
	n.faults, n.skipped, n.skips = faults, skipped, skips
}

func (n *nagiosFormat) read(s string) {
	if n.inPerfdata {
		n.perfdata(s)
		return
	}
	text, data, piped := strings.Cut(s, "|")
	if !n.gotStatus {
		const longest = collect.MaxStatusRunes * utf8.UTFMax
		n.status = strings.Trim(text[:min(len(text), longest)], blanks)
		n.gotStatus = n.status != "" || piped
	} else {
		n.inPerfdata = piped
	}
	n.perfdata(data)
}

func (n *nagiosFormat) perfdata(s string) {
	// What no longer fits is not read.
	for s = trimItems(s); s != "" && n.note == ""; s = trimItems(s) {
		item, rest, ok, fault := cutItem(s)
		if fault != "" {
			n.noteFault(fault)
		}
		switch item.label = n.qualify(item.label); {
		case !ok || item.unknown:
		case item.label == stateName:
			n.skip(fmt.Sprintf("the label %q is the name of the state", stateName))
		default:
			n.add(item.metric(""))
		}
		s = rest
	}
}

// qualify returns a label with the prefix of the item that precedes it. check_multi and Icinga write
// it once for the items of a plugin: "multi::plugin::a=1 b=2".
func (n *nagiosFormat) qualify(label string) string {
	if i := strings.LastIndex(label, "::"); i >= 0 {
		n.prefix = label[:i]
	} else if n.prefix != "" && label != "" {
		return n.prefix + "::" + label
	}
	return label
}

func (n *nagiosFormat) report(e exit, truncated bool) (collect.Report, error) {
	fault, status, state := e.fault(), n.status, serviceState(e.code)
	if state < stateOK || state > stateUnknown || e.signal != 0 {
		if status != "" {
			fault += ": " + status
		}
		return collect.Report{}, failure(n.withNote(fault, truncated))
	}
	if status == "" {
		status = fault
	}
	if state.isFailed() && len(n.metrics) == 0 {
		return collect.Report{Unavailable: true, Status: n.withNote(status, truncated)}, nil
	}
	if len(n.metrics) == collect.MaxMetrics {
		n.metrics, n.note = n.metrics[:collect.MaxMetrics-1], noteMetricsCut
	}
	return collect.Report{Status: n.withNote(status, truncated), Metrics: append(n.metrics, state.metric(""))}, nil
}

func (n *nagiosFormat) diagnosis() (string, []Fault) { return "nagios", n.faults }

// hasPerfdata reports whether a first line has performance data.
func hasPerfdata(s string) bool {
	_, data, _ := strings.Cut(s, "|")
	if data = trimItems(data); data == "" {
		return false
	}
	_, _, ok, _ := cutItem(data)
	return ok
}

// containsStateWord reports whether a first line contains a word for a state in capitals, or "ok"
// in any case before a hyphen or colon.
func containsStateWord(s string) bool {
	words := splitBlanks(s)
	for i, word := range words {
		bare := strings.Trim(word, ":;,.-!()[]")
		if isStateWord(bare) {
			return true
		}
		if strings.EqualFold(bare, "ok") && (strings.HasSuffix(word, ":") || i+1 < len(words) && words[i+1] == "-") {
			return true
		}
	}
	return false
}

// isStateWord reports whether plugins for Nagios print the word for a state.
func isStateWord(word string) bool {
	switch word {
	case "OK", "WARNING", "WARN", "CRITICAL", "CRIT", "UNKNOWN":
		return true
	}
	return false
}
