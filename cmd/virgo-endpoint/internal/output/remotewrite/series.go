package remotewrite

import (
	"cmp"
	"slices"
	"strings"

	"virgo/cmd/virgo-endpoint/internal/output"
	"virgo/cmd/virgo-endpoint/internal/output/names"
)

// A sample is a value at a time in ms.
type sample struct {
	value float64
	ms    int64
}

// A series has labels in the order of their names.
type series struct {
	labels  [][2]string
	counter bool
	samples []sample
}

// gather collects the samples of results by series, each in the order of time and with one sample a time: receivers refuse others.
func gather(batch []output.Item, own [][2]string) []series {
	var list []series
	index := make(map[string]int)
	add := func(labels [][2]string, counter bool, one sample) {
		var key strings.Builder
		labels = slices.DeleteFunc(labels, func(l [2]string) bool { return l[1] == "" })
		slices.SortStableFunc(labels, func(a, b [2]string) int { return cmp.Compare(a[0], b[0]) })
		labels = slices.CompactFunc(labels, func(a, b [2]string) bool { return a[0] == b[0] })
		for _, l := range labels {
			key.WriteString(l[0] + "\xff" + l[1] + "\xff")
		}
		at, ok := index[key.String()]
		if !ok {
			at = len(list)
			index[key.String()] = at
			list = append(list, series{labels: labels, counter: counter})
		}
		list[at].samples = append(list[at].samples, one)
	}
	for i := range batch {
		item := &batch[i]
		r := item.Result
		if r.Refused {
			continue
		}
		base := [][2]string{{"agent", item.Host.ID}, {"host", item.Host.Name}, {"check", r.CheckID}, {"type", r.CheckType}}
		// Of two labels with a name the first counts.
		with := func(name string, more ...[2]string) [][2]string {
			return slices.Concat(base, [][2]string{{"__name__", name}}, more, own, item.Host.Labels)
		}
		at := r.PlaceInTime().UnixMilli()
		available := 0.0
		if r.State == "available" {
			available = 1
		}
		add(with("virgo_check_available"), false, sample{available, at})
		for j := range item.Metrics {
			m := &item.Metrics[j]
			v, ok := m.Number()
			if !ok {
				continue
			}
			p := names.ToPrometheus(names.Metric{CheckType: r.CheckType, Name: m.Name, Kind: m.Type, Unit: m.Unit})
			add(with(p.Name, [2]string{names.Label(r.CheckType), m.Dimension}), p.Counter, sample{v.Float() * p.Factor, at})
		}
	}
	for i := range list {
		s := &list[i]
		slices.SortStableFunc(s.samples, func(a, b sample) int { return cmp.Compare(a.ms, b.ms) })
		s.samples = slices.CompactFunc(s.samples, func(a, b sample) bool { return a.ms == b.ms })
	}
	return list
}
