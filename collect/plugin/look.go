package plugin

import "virgo/collect"

// looking finds the format of an output by looking at it.
type looking struct {
	all   bool
	found examinable
}

func (l *looking) line(text []byte) {
	l.look()
	l.found.line(text)
}

func (l *looking) partial(text []byte) {
	l.look()
	l.found.partial(text)
}

func (l *looking) report(e exit, cut bool) (collect.Report, error) {
	l.look()
	return l.found.report(e, cut)
}

func (l *looking) look() {
	if l.found == nil {
		l.found = &virgoFormat{reading: reading{all: l.all}}
	}
}

func (l *looking) examined() (string, []Fault) { return l.found.examined() }
