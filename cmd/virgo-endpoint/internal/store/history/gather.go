package history

import (
	"slices"
	"strings"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// A gatherer makes columns of the results of one agent. It may be used again after reset, not concurrently.
type gatherer struct {
	dictionary *dictionary
	hours      map[int64][]*gathered
	size       int             // results and values
	series     int             // in this closing
	metrics    []intake.Metric // of the last result
	matcher    matcher
}

// A gathered is a check of an hour with what its columns are of. columns[i] is that of series[i].
type gathered struct {
	check
	id, typ string
	series  []gatheredSeries
	places  map[name]int // of a name in series; made when it is needed
	next    int          // where the next metric most likely is
	// template is that of the last result, and at[i] where the column of its i-th metric is.
	template *template
	at       []int
}

type gatheredSeries struct {
	name
	typ string
}

func (g *gatherer) reset(d *dictionary) {
	*g = gatherer{dictionary: d, hours: map[int64][]*gathered{}, metrics: g.metrics[:0], matcher: g.matcher}
}

// add adds a result. What package intake accepted can be read; if a result cannot, it is left out and counted, so
// that it does not stop the history of others.
func (g *gatherer) add(res *intake.Result) {
	at := max(res.PlaceInTime().UnixMilli(), 0)
	if t, values, period := g.matcher.match(res); t != nil {
		c := g.row(res, at, len(values), periodOf(period))
		g.addMatched(c, t, values, at/dayMS)
		return
	}
	metrics, err := intake.AppendMetrics(g.metrics[:0], res.Params)
	if err != nil {
		g.lose()
		return
	}
	g.metrics = metrics
	c := g.row(res, at, len(metrics), intake.Period(res.Params).Milliseconds())
	for i := range metrics {
		m := &metrics[i]
		if col := g.cell(c, g.place(c, m, kindOf(m), at/dayMS)); col == nil {
			continue
		} else if col.text {
			col.addText(m.Value)
		} else if v, ok := m.Number(); ok {
			col.values = append(col.values, v)
		} else {
			col.rows = col.rows[:len(col.rows)-1]
		}
	}
}

// row adds the time of a result to its check in its hour.
func (g *gatherer) row(res *intake.Result, at int64, metrics int, period int64) *gathered {
	c := g.check(unitOf(at, hourMS), res)
	flags := byte(0)
	if res.Late {
		flags |= flagLate
	}
	if metrics == 0 {
		flags |= flagBare
	}
	c.times, c.flags = append(c.times, at), append(c.flags, flags)
	if period > 0 {
		c.period = period
	}
	g.size++
	return c
}

// addMatched adds the metrics of the last result of c, whose params have a template.
func (g *gatherer) addMatched(c *gathered, t *template, values [][]byte, day int64) {
	if c.template != t {
		c.template, c.at = t, c.at[:0]
		for i := range t.metrics {
			c.at = append(c.at, g.place(c, &t.metrics[i], kindOf(&t.metrics[i]), day))
		}
	}
	for i, text := range values {
		if col := g.cell(c, c.at[i]); col == nil {
			continue
		} else if col.text {
			col.addText(string(text))
		} else if v, ok := parseNumber(t.metrics[i].Type, text); ok {
			col.values = append(col.values, v)
		} else {
			col.rows = col.rows[:len(col.rows)-1]
		}
	}
}

func kindOf(m *intake.Metric) kind {
	if m.Type == "string" {
		return kindText
	}
	return kindNumber
}

// cell returns the column at a place for one more value, which is that of the last result of c; nil if there is no such
// column, or if the result has a value in it already: one that is in a result twice counts once, the first.
func (g *gatherer) cell(c *gathered, at int) *column {
	if at < 0 {
		g.lose()
		return nil
	}
	row := int32(len(c.times) - 1)
	col := &c.columns[at]
	if n := len(col.rows); n > 0 && col.rows[n-1] == row {
		return nil
	}
	col.rows = append(col.rows, row)
	g.size++
	return col
}

// addText adds a text; one that does not change is in memory once.
func (c *column) addText(text string) {
	text = cutText(text)
	if n := len(c.texts); n > 0 && c.texts[n-1] == text {
		c.texts = append(c.texts, c.texts[n-1])
		return
	}
	c.texts = append(c.texts, strings.Clone(text))
}

// lose counts something that is left out.
func (g *gatherer) lose() {
	g.dictionary.lost++
	g.dictionary.changed = true
}

func (g *gatherer) check(hour int64, res *intake.Result) *gathered {
	list := g.hours[hour]
	for _, c := range list {
		if c.id == res.CheckID {
			return c
		}
	}
	id, typ := strings.Clone(res.CheckID), strings.Clone(res.CheckType)
	e := g.dictionary.entry(name{check: id, kind: kindCheck}, typ, "", hour*hourMS/dayMS)
	c := &gathered{check: check{number: e.number}, id: id, typ: typ}
	g.hours[hour] = append(list, c)
	return c
}

// place returns where c has the column of a metric, -1 if it gets none. The metrics of a check mostly
// come in the same order.
func (g *gatherer) place(c *gathered, m *intake.Metric, k kind, day int64) int {
	is := func(s *gatheredSeries) bool {
		return s.metric == m.Name && s.dimension == m.Dimension && s.unit == m.Unit && s.kind == k && s.typ == m.Type
	}
	if c.next >= len(c.series) {
		c.next = 0
	}
	if c.next < len(c.series) && is(&c.series[c.next]) {
		c.next++
		return c.next - 1
	}
	n := name{check: c.id, dimension: m.Dimension, metric: m.Name, unit: m.Unit, kind: k}
	if at, ok := c.places[n]; ok {
		c.series[at].typ = m.Type
		c.next = at + 1
		return at
	}
	if g.series >= MaxSeriesPerHour*len(g.hours) || len(g.dictionary.entries) >= 2*MaxSeries || slices.ContainsFunc([]string{m.Dimension, m.Name, m.Unit, m.Type},
		func(s string) bool { return len(s) > MaxNameBytes }) {
		return -1
	}
	n.dimension, n.metric, n.unit = strings.Clone(n.dimension), strings.Clone(n.metric), strings.Clone(n.unit)
	e := g.dictionary.entry(n, c.typ, strings.Clone(m.Type), day)
	if c.places == nil {
		c.places = map[name]int{}
	}
	g.series++
	c.places[n] = len(c.series)
	c.series = append(c.series, gatheredSeries{n, m.Type})
	c.columns = append(c.columns, column{number: e.number, text: k == kindText})
	c.next = len(c.series)
	return c.next - 1
}

// take returns the checks of an hour, sorted, and notes in the dictionary when their series were seen.
func (g *gatherer) take(hour int64) []check {
	day := hour * hourMS / dayMS
	checks := make([]check, len(g.hours[hour]))
	for i, c := range g.hours[hour] {
		g.dictionary.entry(name{check: c.id, kind: kindCheck}, c.typ, "", day)
		for j := range c.series {
			g.dictionary.entry(c.series[j].name, c.typ, c.series[j].typ, day)
		}
		c.columns = slices.DeleteFunc(c.columns, func(col column) bool { return len(col.rows) == 0 })
		checks[i] = c.check
	}
	sortChecks(checks)
	return checks
}
