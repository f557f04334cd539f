package agent

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"

	"virgo/cmd/internal/term"
	"virgo/collect"
)

// The bounds of what is shown of one result.
const (
	maxObjects = 3 // dimensions
	maxFigures = 3 // of a result with one object
	perObject  = 2 // of each of several objects
)

// KeyFigures formats the few figures that say most about a result, each as "name value", of several
// objects as "object name value name value". Of many objects it shows those with the greatest values
// of the first figure, and the number of the others as "+5", as of the other metrics of a type without
// key metrics. before is the check's previous result,
// without which there are no rates; its zero value: there is none. Blanks within a figure are
// no-break spaces.
func KeyFigures(reg *collect.Registry, r, before collect.Result) []string {
	figures := keyFigures(reg, r)
	now, then := objectsOf(figures, r), objectsOf(figures, before)
	seconds := r.Time.Sub(before.Time).Seconds()
	var rows []figureRow
	for _, o := range now.list {
		row := figureRow{object: o, values: make([]*collect.Metric, len(figures))}
		var previous *object
		if i, ok := then.index[o.name]; ok && seconds > 0 {
			previous = then.list[i]
		}
		for i, f := range figures {
			if row.values[i] = o.value(f, previous, seconds); row.values[i] != nil {
				row.any = true
			}
		}
		if row.any {
			rows = append(rows, row)
		}
	}
	sortByFirst(rows, figures)
	each := maxFigures
	if len(rows) > 1 {
		each = perObject
	}
	var parts []string
	for _, row := range rows[:min(maxObjects, len(rows))] {
		parts = append(parts, row.format(figures, each)...)
	}
	more := len(rows) - maxObjects
	if typ, _ := reg.Lookup(r.CheckType); len(rows) == 1 && len(typ.KeyMetrics) == 0 {
		more = len(r.Metrics) - len(parts)
	}
	if more > 0 {
		parts = append(parts, fmt.Sprintf("+%d", more))
	}
	return parts
}

// keyFigures returns the figures of a check type; of one that names none, the first metrics.
func keyFigures(reg *collect.Registry, r collect.Result) (figures []collect.Figure) {
	if typ, _ := reg.Lookup(r.CheckType); len(typ.KeyMetrics) > 0 {
		for _, text := range typ.KeyMetrics {
			figures = append(figures, collect.ParseFigure(text))
		}
		return figures
	}
	for _, m := range r.Metrics {
		known := slices.ContainsFunc(figures, func(f collect.Figure) bool { return f.Metric == m.Name })
		if !known {
			figures = append(figures, collect.Figure{Metric: m.Name})
		}
		if len(figures) == maxFigures {
			break
		}
	}
	return figures
}

// An object is the metrics of one dimension that figures need.
type object struct {
	name    string
	metrics map[string]collect.Metric
}

type objects struct {
	list  []*object // in the order of the result
	index map[string]int
}

// objectsOf goes through the metrics once: a result has up to collect.MaxMetrics.
func objectsOf(figures []collect.Figure, r collect.Result) objects {
	needed := make(map[string]bool)
	for _, f := range figures {
		needed[f.Metric] = true
		for _, name := range f.Of {
			needed[name] = true
		}
	}
	all := objects{index: make(map[string]int)}
	for _, m := range r.Metrics {
		if !needed[m.Name] {
			continue
		}
		i, ok := all.index[m.Dimension]
		if !ok {
			i = len(all.list)
			all.index[m.Dimension] = i
			all.list = append(all.list, &object{m.Dimension, make(map[string]collect.Metric)})
		}
		all.list[i].metrics[m.Name] = m
	}
	return all
}

// number returns the value of a metric of o; false if it has none.
func (o *object) number(name string) (float64, bool) {
	m, ok := o.metrics[name]
	if !ok || !isNumeric(m) {
		return 0, false
	}
	n, err := strconv.ParseFloat(m.Value, 64)
	return n, err == nil
}

func isNumeric(m collect.Metric) bool { return m.Type != collect.String && m.Type != collect.Bool }

// value returns a figure of o as a metric; nil if it cannot be computed: nothing to compare with, a
// counter that began again, a percentage of nothing.
func (o *object) value(f collect.Figure, before *object, seconds float64) *collect.Metric {
	m, ok := o.metrics[f.Metric]
	if !ok {
		return nil
	}
	computed := func(n float64, unit string) *collect.Metric {
		text := strconv.FormatFloat(n, 'f', -1, 64)
		return &collect.Metric{Name: m.Name, Type: collect.Double, Value: text, Unit: unit}
	}
	switch n, numeric := o.number(f.Metric); {
	case f.PerSecond:
		if before == nil || !numeric {
			return nil
		}
		earlier, ok := before.number(f.Metric)
		if !ok || n < earlier {
			return nil
		}
		return computed((n-earlier)/seconds, m.Unit)
	case len(f.Of) > 0:
		sum := 0.0
		for _, name := range f.Of {
			part, _ := o.number(name)
			sum += part
		}
		if !numeric || sum <= 0 {
			return nil
		}
		return computed(100*n/sum, "percent")
	}
	return &m
}

// A figureRow is the figures of one object, parallel to the figures of its type; nil: there is none.
type figureRow struct {
	object *object
	values []*collect.Metric
	any    bool
}

// sortByFirst sorts by the first figure that is a number in any row, the greatest first; by the
// metric itself where no row has the figure, as in a first run.
func sortByFirst(rows []figureRow, figures []collect.Figure) {
	for i, f := range figures {
		raw := func(r figureRow) float64 {
			if n, ok := r.object.number(f.Metric); ok {
				return n
			}
			return math.Inf(-1)
		}
		shown := func(r figureRow) float64 {
			if r.values[i] == nil || !isNumeric(*r.values[i]) {
				return math.Inf(-1)
			}
			n, _ := strconv.ParseFloat(r.values[i].Value, 64)
			return n
		}
		for _, value := range []func(figureRow) float64{shown, raw} {
			known := func(r figureRow) bool { return !math.IsInf(value(r), -1) }
			if slices.ContainsFunc(rows, known) {
				sort.SliceStable(rows, func(i, j int) bool { return value(rows[i]) > value(rows[j]) })
				return
			}
		}
	}
}

// format returns the first figures of the row: one text for all where they are of an object, else
// one for each.
func (r figureRow) format(figures []collect.Figure, most int) []string {
	var parts []string
	for i, v := range r.values {
		if v == nil || len(parts) == most {
			continue
		}
		text := v.Name + " " + term.Value(string(v.Type), v.Value, v.Unit)
		if figures[i].PerSecond {
			text += "/s"
		}
		parts = append(parts, strings.ReplaceAll(text, " ", "\u00a0"))
	}
	if r.object.name != "" {
		return []string{strings.ReplaceAll(r.object.name+" ", " ", "\u00a0") + strings.Join(parts, " ")}
	}
	return parts
}
