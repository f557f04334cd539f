package chart

import (
	"slices"

	"virgo/cmd/virgo-endpoint/internal/figure"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// thresholds returns those of a frame, in its unit, each once; top ends the scale.
func thresholds(f *framed, list []intake.Series, all []watch.Threshold, top *float64) []Threshold {
	found := []Threshold{}
	for i := range all {
		t := &all[i]
		if t.CheckID != f.checkID || !t.State.Open() {
			continue
		}
		for n := range f.Lines {
			factor, ok := shows(f, &f.Lines[n], list, t, top)
			if !ok {
				continue
			}
			one := Threshold{Value: t.Value * factor, Above: t.Above, State: t.State.String(), Rule: t.Rule}
			if !slices.Contains(found, one) {
				found = append(found, one)
			}
			break
		}
	}
	return found
}

// shows reports whether a line shows the figure that a threshold is for, and the factor to the line's unit.
func shows(f *framed, l *figure.Line, list []intake.Series, t *watch.Threshold, top *float64) (factor float64, ok bool) {
	first := &list[f.sources[l.Add[0]]]
	switch {
	case t.Metric != first.Metric, t.Dimension != "" && t.Dimension != first.Dimension, l.Counter:
		return 0, false
	case len(l.Of) > 0:
		return 1, t.Percent
	case t.Percent: // of the whole that ends the scale
		if f.Top == nil || top == nil {
			return 0, false
		}
		return *top / 100, true
	}
	return l.Factor, true
}
