package fleet

import (
	"bytes"
	"errors"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// periodMS is the period that the results claim, whatever the captured ones had.
const periodMS = 60_000

// A Template makes the results of any host and run.
type Template struct{ results []resultTemplate }

// A resultTemplate is one check's params of check_metrics.post, without result_id and order: texts, and
// between them the time and the values.
type resultTemplate struct {
	texts [][]byte // one more than slots
	slots []slot
}

// A slot is a place whose content differs. The zero value is the time.
type slot struct {
	name     uint64 // distinguishes slots, also those of different checks
	decimals int    // after the point
	// base is the captured value and step how much it grew from run to run, in units of the last decimal.
	base, step int64
	form       form
}

type form int

const (
	isTime form = iota
	constant
	counter
	gauge
)

// variable matches what is replaced: the time, the period, and the numbers of metrics.
var variable = regexp.MustCompile(`"timestamp":(\d+)|"min_check_period":(\d+)|` +
	`"t":"(?:gauge|int32|uint32|int64|uint64|double)","v":"(-?\d{1,17}(?:\.\d{1,6})?)"`)

// The numbers of the groups in variable.
const (
	groupTime = iota + 1
	groupPeriod
	groupValue
)

// errTooFewRuns is returned when there is nothing to compare.
var errTooFewRuns = errors.New("at least two runs have to be captured")

// NewTemplate makes a template from the results of several runs of one host, each the params of a
// check_metrics.post. Checks that are not in every run are left out.
func NewTemplate(runs [][][]byte) (*Template, error) {
	if len(runs) < 2 {
		return nil, errTooFewRuns
	}
	byCheck := make([]map[string][]byte, len(runs))
	for i, run := range runs {
		byCheck[i] = map[string][]byte{}
		for _, result := range run {
			byCheck[i][checkOf(result)] = result
		}
	}
	t := &Template{}
	for _, result := range runs[0] {
		samples := make([][]byte, 0, len(runs))
		for _, run := range byCheck {
			if other := run[checkOf(result)]; other != nil {
				samples = append(samples, other)
			}
		}
		if len(samples) == len(runs) {
			t.results = append(t.results, newResultTemplate(samples, uint64(len(t.results))<<32))
		}
	}
	if len(t.results) == 0 {
		return nil, errors.New("no check was captured in every run")
	}
	return t, nil
}

// Results is the number of results of a run.
func (t *Template) Results() int { return len(t.results) }

// checkOf returns the text by which results of the same check are recognised.
func checkOf(result []byte) string {
	head, _, _ := bytes.Cut(result, []byte(`,"state":`))
	return string(head)
}

// newResultTemplate makes the template of one check from its results. name is that of its first slot.
func newResultTemplate(samples [][]byte, name uint64) resultTemplate {
	first := samples[0]
	found := variable.FindAllSubmatchIndex(first, -1)
	others := make([][][]byte, len(samples))
	for i, s := range samples {
		for _, at := range variable.FindAllSubmatchIndex(s, -1) {
			others[i] = append(others[i], s[max(at[2*groupValue], 0):max(at[2*groupValue+1], 0)])
		}
	}
	var t resultTemplate
	var text []byte
	end := 0
	for n, at := range found {
		var s slot
		group := groupValue
		switch {
		case at[2*groupPeriod] >= 0:
			text = append(text, first[end:at[2*groupPeriod]]...)
			text = strconv.AppendInt(text, periodMS, 10)
			end = at[2*groupPeriod+1]
			continue
		case at[2*groupTime] >= 0:
			group = groupTime
		default:
			s = newSlot(others, n)
			s.name = name + uint64(n)
		}
		text = append(text, first[end:at[2*group]]...)
		t.texts, t.slots = append(t.texts, text), append(t.slots, s)
		text, end = nil, at[2*group+1]
	}
	t.texts = append(t.texts, append(text, first[end:]...))
	return t
}

// newSlot compares the captured values of a place.
func newSlot(samples [][][]byte, n int) slot {
	var values []int64
	decimals := 0
	for _, s := range samples {
		if n < len(s) {
			_, fraction, _ := strings.Cut(string(s[n]), ".")
			decimals = max(decimals, len(fraction))
		}
	}
	for _, s := range samples {
		if n < len(s) {
			f, err := strconv.ParseFloat(string(s[n]), 64)
			if err == nil {
				values = append(values, int64(math.Round(f*math.Pow10(decimals))))
			}
		}
	}
	s := slot{decimals: decimals, form: constant}
	if len(values) == 0 {
		return s
	}
	s.base = values[0]
	grows, most := true, int64(0)
	for i := 1; i < len(values); i++ {
		change := values[i] - values[i-1]
		grows = grows && change >= 0
		most = max(most, change, -change)
	}
	switch {
	case most == 0:
	case grows && decimals == 0:
		s.form, s.step = counter, most
	default:
		s.form, s.step = gauge, most
	}
	return s
}

// value returns a slot's value in a run of a host.
func (s *slot) value(host, run uint64) int64 {
	own := mix(host<<20 ^ s.name) // what distinguishes this host's value from others
	switch s.form {
	case counter:
		step := uint64(s.step)
		return s.base + int64(own%uint64(max(s.base, 1))+run*(step/2+own>>8%(step+1))+mix(own^run)%(step/2+1))
	case gauge:
		return max(0, s.base+int64(mix(own^run)%uint64(2*s.step+1))-s.step)
	}
	if s.base < 1000 { // a number of processors, a percentage, a state
		return s.base
	}
	return s.base + int64(own%uint64(s.base))
}

// AppendFields appends a result's fields, from check_id to the closing brace, for a run of a host.
func (t *Template) AppendFields(b []byte, i int, host, run uint64, atMS int64) []byte {
	r := &t.results[i]
	for n := range r.slots {
		s := &r.slots[n]
		b = append(b, r.texts[n]...)
		if s.form == isTime {
			b = strconv.AppendInt(b, atMS, 10)
			continue
		}
		b = appendDecimal(b, s.value(host, run), s.decimals)
	}
	return append(b, r.texts[len(r.slots)]...)
}

// appendDecimal appends a number whose last digits are decimals, without zeros at its end.
func appendDecimal(b []byte, v int64, decimals int) []byte {
	if decimals == 0 {
		return strconv.AppendInt(b, v, 10)
	}
	return strconv.AppendFloat(b, float64(v)/math.Pow10(decimals), 'f', -1, 64)
}

// mix returns a number that looks random, the same for the same x (SplitMix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
