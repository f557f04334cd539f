package plugin

import (
	"bytes"
	"strings"

	"virgo/collect"
)

// Bounds of what is looked at to find a format.
const (
	// maxHeldBytes of empty lines and comments may come before the line that says it.
	maxHeldBytes = 64 << 10
	// maxLookBytes of a first line that was cut are looked at.
	maxLookBytes = 4 << 10
)

// looking finds the format of an output by its first line that is neither empty nor a comment: the package
// comment has the order.
type looking struct {
	all   bool
	held  []byte // lines that say nothing of the format
	found examinable
}

func (l *looking) line(text []byte) {
	if l.found == nil && !l.look(text) {
		l.held = append(append(l.held, text...), '\n')
		if len(l.held) > maxHeldBytes {
			l.settle(l.undecided(false))
		}
		return
	}
	l.found.line(text)
}

func (l *looking) partial(text []byte) {
	if l.found == nil && !l.look(text[:min(len(text), maxLookBytes)]) {
		l.settle(l.undecided(false))
	}
	l.found.partial(text)
}

func (l *looking) report(e exit, cut bool) (collect.Report, error) {
	if l.found == nil {
		l.settle(l.undecided(false))
	}
	return l.found.report(e, cut)
}

func (l *looking) examined() (string, []Fault) { return l.found.examined() }

// look settles the format by a line, where the line says it.
func (l *looking) look(text []byte) bool {
	line := clean(string(text))
	if len(l.held) == 0 {
		line = strings.TrimPrefix(line, byteOrderMark)
	}
	s := strings.Trim(line, blanks)
	r := reading{all: l.all}
	switch {
	case saysVirgo(line):
		l.settle(&virgoFormat{reading: r})
	case s == "":
		return false
	case saysPrometheus(s):
		l.settle(&prometheusFormat{reading: r})
	case s[0] == '#':
		return false
	case saysJSON(s):
		l.settle(&jsonFormat{reading: r})
	case saysCheckmk(s):
		l.settle(&checkmkFormat{reading: r})
	case saysInflux(s):
		l.settle(&influxFormat{reading: r})
	case hasPerfdata(s):
		l.settle(&nagiosFormat{reading: r})
	default:
		l.settle(l.undecided(saysJudgement(s)))
	}
	return true
}

// settle hands the lines that were held to the format.
func (l *looking) settle(f examinable) {
	for line := range bytes.Lines(l.held) {
		f.line(bytes.TrimSuffix(line, []byte("\n")))
	}
	l.found, l.held = f, nil
}

func (l *looking) undecided(judges bool) *undecided {
	r := reading{all: l.all}
	return &undecided{judges: judges, virgo: virgoFormat{reading: r}, nagios: nagiosFormat{reading: r}}
}

// undecided is an output whose first line is of no format but perhaps Nagios's, which takes any text. A word
// for a judgement or the exit code tells; where they do not, the existing agent's complaint is the answer.
type undecided struct {
	judges   bool // the first line has a word for a judgement
	disputed bool // a line of the format virgo came
	chosen   examinable
	virgo    virgoFormat
	nagios   nagiosFormat
}

func (u *undecided) line(text []byte) {
	u.disputed = u.disputed || saysVirgo(string(text))
	u.virgo.line(text)
	u.nagios.line(text)
}

func (u *undecided) partial(text []byte) {
	u.virgo.partial(text)
	u.nagios.partial(text)
}

func (u *undecided) report(e exit, cut bool) (collect.Report, error) {
	u.chosen = &u.virgo
	if !u.disputed && (u.judges || u.nagios.status != "" && judgement(e.code).fatal() && e.code <= int(judgedUnknown)) {
		u.chosen = &u.nagios
	}
	return u.chosen.report(e, cut)
}

func (u *undecided) examined() (string, []Fault) { return u.chosen.examined() }

// saysVirgo reports whether a line begins with a word of the format virgo.
func saysVirgo(line string) bool {
	switch word, _ := firstWord(line); word {
	case "status", "state", "metric", "timestamp":
		return true
	}
	return false
}

// saysCheckmk reports whether a first line is that of a service.
func saysCheckmk(s string) bool {
	_, fault := serviceOf(s)
	return fault == ""
}
