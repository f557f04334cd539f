package plugin

import (
	"bytes"
	"strings"

	"virgo/collect"
	"virgo/schedule/shorttext"
)

// Limits of what is read to detect a format.
const (
	// maxBufferedBytes is how much of empty lines and comments may come before the line that
	// decides.
	maxBufferedBytes = 64 << 10
	// maxDetectBytes is how much of an incomplete first line is examined.
	maxDetectBytes = 4 << 10
)

// A detector detects the format by the first line that is neither empty nor a comment; the package
// comment gives the order.
type detector struct {
	allFaults bool
	buffered  []byte // lines before the one that decides
	found     diagnoser
}

func (d *detector) line(text []byte) {
	if d.found == nil && !d.detect(text) {
		d.buffered = append(append(d.buffered, text...), '\n')
		if len(d.buffered) > maxBufferedBytes {
			d.choose(d.undecided(false))
		}
		return
	}
	d.found.line(text)
}

func (d *detector) partial(text []byte) {
	if d.found == nil && !d.detect(text[:min(len(text), maxDetectBytes)]) {
		d.choose(d.undecided(false))
	}
	d.found.partial(text)
}

func (d *detector) report(e exit, truncated bool) (collect.Report, error) {
	if d.found == nil {
		d.choose(d.undecided(false))
	}
	return d.found.report(e, truncated)
}

func (d *detector) diagnosis() (string, []Fault) { return d.found.diagnosis() }

// detect chooses the format by the line, and reports whether the line decides.
func (d *detector) detect(text []byte) bool {
	line := string(text)
	if len(d.buffered) == 0 {
		line = strings.TrimPrefix(line, byteOrderMark)
	}
	line = shorttext.StripControls(line)
	s := strings.Trim(line, blanks)
	p := parser{allFaults: d.allFaults}
	switch {
	case isVirgoLine(line):
		d.choose(&virgoFormat{parser: p})
	case s == "":
		return false
	case isPrometheusLine(s):
		d.choose(&prometheusFormat{parser: p})
	case s[0] == '#':
		return false
	case isJSONStart(s):
		d.choose(&jsonFormat{parser: p})
	case isCheckmkLine(s):
		d.choose(&checkmkFormat{parser: p})
	case isInfluxLine(s):
		d.choose(&influxFormat{parser: p})
	case hasPerfdata(s):
		d.choose(&nagiosFormat{parser: p})
	default:
		d.choose(d.undecided(containsStateWord(s)))
	}
	return true
}

// choose passes the buffered lines to the format.
func (d *detector) choose(f diagnoser) {
	for line := range bytes.Lines(d.buffered) {
		f.line(bytes.TrimSuffix(line, []byte("\n")))
	}
	d.found, d.buffered = f, nil
}

func (d *detector) undecided(hasStateWord bool) *undecided {
	p := parser{allFaults: d.allFaults}
	return &undecided{hasStateWord: hasStateWord, virgo: virgoFormat{parser: p}, nagios: nagiosFormat{parser: p}}
}

// An undecided is an output whose first line fits no format but perhaps Nagios's, which allows any
// text. A word for a state, or the exit code, decides for Nagios; else the format virgo reports the
// line as unrecognized.
type undecided struct {
	hasStateWord bool // the first line contains a word for a state
	sawVirgo     bool // some line is of the format virgo
	chosen       diagnoser
	virgo        virgoFormat
	nagios       nagiosFormat
}

func (u *undecided) line(text []byte) {
	u.sawVirgo = u.sawVirgo || isVirgoLine(shorttext.StripControls(string(text)))
	u.virgo.line(text)
	u.nagios.line(text)
}

func (u *undecided) partial(text []byte) {
	u.virgo.partial(text)
	u.nagios.partial(text)
}

func (u *undecided) report(e exit, truncated bool) (collect.Report, error) {
	u.chosen = &u.virgo
	failed := serviceState(e.code).isFailed() && e.code <= int(stateUnknown)
	if !u.sawVirgo && (u.hasStateWord || u.nagios.status != "" && failed) {
		u.chosen = &u.nagios
	}
	return u.chosen.report(e, truncated)
}

func (u *undecided) diagnosis() (string, []Fault) { return u.chosen.diagnosis() }

// isVirgoLine reports whether a line begins with a keyword of the format virgo.
func isVirgoLine(line string) bool {
	switch word, _ := cutWord(line); word {
	case "status", "state", "metric", "timestamp":
		return true
	}
	return false
}

// isCheckmkLine reports whether a first line describes a service.
func isCheckmkLine(s string) bool {
	_, fault := parseService(s)
	return fault == ""
}
