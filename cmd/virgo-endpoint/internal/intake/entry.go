package intake

import (
	"errors"
	"fmt"

	"virgo/schedule/number"
)

var errNoPair = errors.New("it is not a list of a dimension and its metrics")

// A wireMetric is one metric as it is sent.
type wireMetric struct {
	name, typ, value, unit string
	given                  bool // it has a value
	null                   bool // it is null instead of an object
	known                  int  // the bytes of its name and its known fields
}

// entries reads the list of metrics and calls each for every entry, of which dimension and metrics are
// set. known is the number of bytes that known fields have, wrong an error for what is no list, fault the
// first fault of an entry or the first error of each. After a fault, each is not called any more.
func (s *scanner) entries(each func() error) (known int, wrong, fault error) {
	if s.space() != '[' {
		if t := s.value(); t.kind != null {
			wrong = mistyped(fieldNames[metrics], t)
		}
		return 0, wrong, nil
	}
	s.begin()
	known = len("[]")
	for n := 0; s.next(n, ']'); n++ {
		if n > 0 {
			known += len(",")
		}
		size, err := s.entry()
		known += size
		if fault != nil {
			continue
		}
		if err == nil {
			err = each()
		}
		if err != nil {
			fault = fmt.Errorf("metrics[%d]: %w", n, err)
		}
	}
	return known, wrong, fault
}

// entry reads one entry of metrics: [dimension, {name: {t, v, u}}].
func (s *scanner) entry() (known int, err error) {
	s.metrics, s.dimension = s.metrics[:0], ""
	if s.space() != '[' {
		s.value()
		return 0, errNoPair
	}
	s.begin()
	known = len("[,]")
	var wrongDimension, wrongMetrics error
	n := 0
	for ; s.next(n, ']'); n++ {
		switch n {
		case 0:
			t := s.value()
			known += len(t.raw)
			s.dimension = t.text
			if t.kind != text && t.kind != null {
				wrongDimension = fmt.Errorf("its dimension is neither null nor text: %w", mistyped("", t))
			}
		case 1:
			var size int
			if size, err = s.named(); err != nil {
				wrongMetrics = fmt.Errorf("its metrics cannot be read: %w", err)
			}
			known += size
		default:
			s.value()
		}
	}
	switch {
	case n != 2:
		return 0, errNoPair
	case wrongDimension != nil:
		return 0, wrongDimension
	}
	return known, wrongMetrics
}

// named reads the metrics of an entry, {name: {t, v, u}}. Of several with one name the last one counts.
// wrong is the first value of another type.
func (s *scanner) named() (known int, wrong error) {
	if s.space() != '{' {
		if t := s.value(); t.kind != null {
			wrong = mistyped("", t)
		}
		return 0, wrong
	}
	s.begin()
	for n := 0; s.next(n, '}'); n++ {
		name, size := s.key()
		s.metrics = append(s.metrics, wireMetric{name: name, known: size + len(":")})
		if err := s.metric(&s.metrics[len(s.metrics)-1]); wrong == nil {
			wrong = err
		}
	}
	s.metrics = unique(s.metrics)
	known = len("{}")
	for i := range s.metrics {
		known += s.metrics[i].known
		if i > 0 {
			known += len(",")
		}
	}
	return known, wrong
}

// metric reads the value of a metric, {t, v, u}.
func (s *scanner) metric(m *wireMetric) (wrong error) {
	if s.space() != '{' {
		t := s.value()
		if m.null = t.kind == null; !m.null {
			wrong = mistyped("", t)
		}
		return wrong
	}
	s.begin()
	m.known += len("{}")
	var seen ['v' + 1]bool
	fields := 0
	for n := 0; s.next(n, '}'); n++ {
		name, size := s.key()
		t := s.value()
		if len(name) != 1 {
			continue
		}
		c := name[0] | ' ' // in lower case
		switch {
		case c != 't' && c != 'v' && c != 'u':
			continue
		case t.kind == text && c == 't':
			m.typ = t.text
		case t.kind == text && c == 'v':
			m.value, m.given = t.text, true
		case t.kind == text:
			m.unit = t.text
		case t.kind == null && c == 'v':
			m.value, m.given = "", false
		case t.kind == null && c == 'u':
			m.unit = ""
		case t.kind != null && wrong == nil:
			wrong = mistyped(string(c), t)
		}
		if name[0] == c && !seen[c] {
			seen[c] = true
			if fields++; fields > 1 {
				m.known += len(",")
			}
			m.known += size + len(":") + len(t.raw)
		}
	}
	return wrong
}

// fewNames is a number of names that are faster compared with each other than put into a map.
const fewNames = 32

// unique returns the metrics without those whose name comes again. The last one counts, and the bytes of
// the first one are the known ones.
func unique(all []wireMetric) []wireMetric {
	if len(all) <= fewNames && !repeated(all) {
		return all
	}
	at := make(map[string]int, len(all))
	kept := all[:0]
	for _, m := range all {
		if i, ok := at[m.name]; ok {
			m.known = kept[i].known
			kept[i] = m
			continue
		}
		at[m.name] = len(kept)
		kept = append(kept, m)
	}
	return kept
}

func repeated(all []wireMetric) bool {
	for i := range all {
		for j := range i {
			if all[i].name == all[j].name {
				return true
			}
		}
	}
	return false
}

// checkEntry validates the values of the entry that was read last.
func (s *scanner) checkEntry() error {
	// The first fault by name is reported, so that it is always the same one.
	var first *wireMetric
	for i := range s.metrics {
		if m := &s.metrics[i]; !m.valid() && (first == nil || m.name < first.name) {
			first = m
		}
	}
	if first == nil {
		return nil
	}
	return fmt.Errorf("metric %s: %w", Quote(first.name), first.fault())
}

// valid reports whether there is a value and it has the metric's type.
func (m *wireMetric) valid() bool {
	_, ok := number.Value(m.typ, m.value)
	return ok && m.given
}

// fault says why a metric is not valid.
func (m *wireMetric) fault() error {
	if !m.given {
		return errors.New("it has no value")
	}
	if _, known := number.Value(m.typ, "0"); !known {
		return fmt.Errorf("its type %s is unknown", Quote(m.typ))
	}
	return fmt.Errorf("its value %s is not of type %s", Quote(m.value), m.typ)
}
