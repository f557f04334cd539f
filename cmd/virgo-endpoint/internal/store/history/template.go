package history

import (
	"bytes"
	"strings"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// A template is the form of the params of a check's results: what is the same in all of them, and the slots between.
// The results of a check differ in their slots mostly, so that comparing bytes finds the values many times faster than
// reading JSON does. Params of any other form are read by package intake.
type template struct {
	// literals[i] is before slots[i]; the last one is behind all of them.
	literals [][]byte
	slots    []slot
	metrics  []intake.Metric // without values, in the order of their slots
}

// A slot is a value in params.
type slot struct {
	quoted bool // a text without escapes; else a whole number
	use    slotUse
}

type slotUse uint8

const (
	useNothing slotUse = iota
	useMetric          // the value of the next of template.metrics
	usePeriod
)

// match finds the values of the metrics in params and appends them to values; period is the text of the check's period.
// Texts that need unescaping do not match.
func (t *template) match(params []byte, values [][]byte) (found [][]byte, period []byte, ok bool) {
	rest := params
	for i := range t.slots {
		if !bytes.HasPrefix(rest, t.literals[i]) {
			return values, nil, false
		}
		rest = rest[len(t.literals[i]):]
		n := 0
		if t.slots[i].quoted {
			if n = bytes.IndexByte(rest, '"'); n < 0 || bytes.IndexByte(rest[:n], '\\') >= 0 {
				return values, nil, false
			}
		} else if n = wholeNumber(rest); n == 0 {
			return values, nil, false
		}
		switch t.slots[i].use {
		case useMetric:
			values = append(values, rest[:n])
		case usePeriod:
			period = rest[:n]
		}
		rest = rest[n:]
	}
	return values, period, bytes.Equal(rest, t.literals[len(t.slots)])
}

// wholeNumber returns the length of the digits, with a sign, that b begins with.
func wholeNumber(b []byte) (n int) {
	if len(b) > 0 && b[0] == '-' {
		n++
	}
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	return n
}

// learn returns the template of params, which package intake accepted. It is not ok if they have blanks, escapes, unknown
// or repeated names, or another form than agents write.
func learn(params []byte) (t *template, ok bool) {
	l := &learner{params: params, rest: params, template: &template{}, seen: map[string]bool{}}
	l.object(l.field)
	if l.failed || len(l.rest) > 0 {
		return nil, false
	}
	l.template.literals = append(l.template.literals, l.literal())
	return l.template, true
}

// A learner reads params token by token. After something unexpected its methods do nothing.
type learner struct {
	params, rest []byte
	begin        int // of the literal that is being read
	template     *template
	seen         map[string]bool // fields, and metrics with their dimensions
	failed       bool
}

func (l *learner) at() int { return len(l.params) - len(l.rest) }

func (l *learner) literal() []byte { return bytes.Clone(l.params[l.begin:l.at()]) }

// take reads a byte if it is next.
func (l *learner) take(b byte) bool {
	if l.failed || len(l.rest) == 0 || l.rest[0] != b {
		return false
	}
	l.rest = l.rest[1:]
	return true
}

func (l *learner) expect(text string) {
	if l.failed || !bytes.HasPrefix(l.rest, []byte(text)) {
		l.failed = true
		return
	}
	l.rest = l.rest[len(text):]
}

// text reads a text up to its quotation mark, which stays.
func (l *learner) text() string {
	n := bytes.IndexByte(l.rest, '"')
	if l.failed || n < 0 || bytes.IndexByte(l.rest[:n], '\\') >= 0 {
		l.failed = true
		return ""
	}
	s := string(l.rest[:n])
	l.rest = l.rest[n:]
	return s
}

func (l *learner) quoted() string {
	l.expect(`"`)
	s := l.text()
	l.expect(`"`)
	return s
}

// object reads {"name":value,…}; field reads a value.
func (l *learner) object(field func(name string)) {
	l.expect("{")
	for first := true; !l.failed && !l.take('}'); first = false {
		if !first {
			l.expect(",")
		}
		name := l.quoted()
		l.expect(":")
		if !l.failed {
			field(name)
		}
	}
}

// once fails if a name comes twice. encoding/json also takes names of other case, which are unknown here.
func (l *learner) once(name string) {
	if l.seen[name] {
		l.failed = true
	}
	l.seen[name] = true
}

// field reads a field of the params.
func (l *learner) field(name string) {
	l.once(name)
	switch name {
	case "metrics":
		l.metrics()
	case "result_id", "check_id", "check_type", "state", "status":
		l.slot(useNothing)
	case "order", "timestamp", "age_ms":
		l.slot(useNothing)
	case "min_check_period":
		l.slot(usePeriod)
	case "late", "refused":
		if !l.take('t') {
			l.expect("false")
		} else {
			l.expect("rue")
		}
	default:
		l.failed = true
	}
}

// slot reads a value that differs between results.
func (l *learner) slot(use slotUse) {
	s := slot{quoted: l.take('"'), use: use}
	l.template.literals = append(l.template.literals, l.literal())
	if s.quoted {
		l.text()
	} else {
		n := wholeNumber(l.rest)
		l.failed = l.failed || n == 0
		l.rest = l.rest[n:]
	}
	l.template.slots = append(l.template.slots, s)
	l.begin = l.at()
	if s.quoted {
		l.expect(`"`)
	}
}

// metrics reads [[dimension,{name:{"t":…,"v":…,"u":…}}],…].
func (l *learner) metrics() {
	l.expect("[")
	for first := true; !l.failed && !l.take(']'); first = false {
		if !first {
			l.expect(",")
		}
		l.expect("[")
		dimension := ""
		if l.take('n') {
			l.expect("ull")
		} else {
			dimension = l.quoted()
		}
		l.expect(",")
		l.object(func(name string) { l.metric(dimension, name) })
		l.expect("]")
	}
}

func (l *learner) metric(dimension, name string) {
	l.once(dimension + "\x00" + name)
	m := intake.Metric{Dimension: dimension, Name: name}
	fields := ""
	l.object(func(field string) {
		l.failed = l.failed || strings.Contains(fields, field)
		fields += field
		switch field {
		case "t":
			m.Type = l.quoted()
		case "u":
			m.Unit = l.quoted()
		case "v":
			l.slot(useMetric)
		default:
			l.failed = true
		}
	})
	l.failed = l.failed || !strings.Contains(fields, "v")
	l.template.metrics = append(l.template.metrics, m)
}

// Bounds of what a matcher remembers.
const (
	maxTemplateChecks = 1024
	templatesPerCheck = 4
)

// A matcher finds the template of results, which it learns from them. Other agents' results of the same check have
// the same template often. It is not safe for concurrent use.
type matcher struct {
	templates map[string][]*template // by check
	values    [][]byte
}

// match returns the template of a result, the values of its metrics and the check's period; nil if it has none. They are
// valid until the next call.
func (m *matcher) match(res *intake.Result) (t *template, values [][]byte, period []byte) {
	list := m.templates[res.CheckID]
	for i, t := range list {
		var ok bool
		if m.values, period, ok = t.match(res.Params, m.values[:0]); ok {
			list[0], list[i] = t, list[0]
			return t, m.values, period
		}
	}
	t, ok := learn(res.Params)
	if !ok {
		return nil, nil, nil
	}
	if m.values, period, ok = t.match(res.Params, m.values[:0]); !ok {
		return nil, nil, nil
	}
	if m.templates == nil || len(m.templates) >= maxTemplateChecks && list == nil {
		m.templates = map[string][]*template{}
	}
	if len(list) >= templatesPerCheck {
		list = list[:templatesPerCheck-1]
	}
	m.templates[strings.Clone(res.CheckID)] = append([]*template{t}, list...)
	return t, m.values, period
}
