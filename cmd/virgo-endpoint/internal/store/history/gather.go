package history

import (
	"slices"
	"strings"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/schedule/shorttext"
)

// A gatherer makes columns of the results of one agent. It may be used again after reset, not concurrently.
type gatherer struct {
	dictionary *dictionary
	hours      map[int64][]*gathered
	size       int             // results and values
	series     int             // in this closing
	metrics    []intake.Metric // of the last result
}

// A gathered is a check of an hour with what its columns are of. columns[i] is that of series[i].
type gathered struct {
	check
	id, typ string
	series  []gatheredSeries
	places  map[name]int // of a name in series; made when it is needed
	next    int          // where the next metric most likely is
}

type gatheredSeries struct {
	name
	typ string
}

func (g *gatherer) reset(d *dictionary) {
	*g = gatherer{dictionary: d, hours: map[int64][]*gathered{}, metrics: g.metrics[:0]}
}

// add adds a result. What package intake accepted can be read; if a result cannot, it is left out and counted, so
// that it does not stop the history of others.
func (g *gatherer) add(res *intake.Result) {
	metrics, period, err := metricsOf(g.metrics[:0], res.Params)
	if err != nil {
		g.lose()
		return
	}
	g.metrics = metrics
	at := max(res.PlaceInTime().UnixMilli(), 0)
	hour := unitOf(at, hourMS)
	c := g.check(hour, res)
	c.times, c.flags = append(c.times, at), append(c.flags, flagsOf(res, len(metrics)))
	if period > 0 {
		c.period = period
	}
	g.size++
	for i := range metrics {
		g.addMetric(c, &metrics[i], at/dayMS)
	}
}

// lose counts something that is left out.
func (g *gatherer) lose() {
	g.dictionary.lost++
	g.dictionary.changed = true
}

// metricsOf appends a result's metrics to list, and returns the period of its check in ms, 0 if it is not known.
func metricsOf(list []intake.Metric, params []byte) ([]intake.Metric, int64, error) {
	list, err := intake.AppendMetrics(list, params)
	return list, intake.Period(params).Milliseconds(), err
}

func flagsOf(res *intake.Result, metrics int) (flags byte) {
	if res.Late {
		flags |= flagLate
	}
	if metrics == 0 {
		flags |= flagBare
	}
	return flags
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

// addMetric adds a metric of the last result of c. One that is in it twice counts once, the first.
func (g *gatherer) addMetric(c *gathered, m *intake.Metric, day int64) {
	k := kindNumber
	if m.Type == "string" {
		k = kindText
	}
	at := g.place(c, m, k, day)
	if at < 0 {
		g.lose()
		return
	}
	row := int32(len(c.times) - 1)
	col := &c.columns[at]
	if n := len(col.rows); n > 0 && col.rows[n-1] == row {
		return
	}
	if col.text {
		col.texts = append(col.texts, sameText(col.texts, shorttext.Truncate(m.Value, intake.MaxTextBytes)))
	} else {
		v, ok := m.Number()
		if !ok {
			return
		}
		col.values = append(col.values, v)
	}
	col.rows = append(col.rows, row)
	g.size++
}

// sameText returns text, or the last of texts if that is the same, so that a text that does not change is in memory once.
func sameText(texts []string, text string) string {
	if n := len(texts); n > 0 && texts[n-1] == text {
		return texts[n-1]
	}
	return strings.Clone(text)
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
