package plugin

import (
	"hash/maphash"

	"virgo/collect"
)

// maxSearched is up to how many metrics are searched one by one; most outputs have fewer.
const maxSearched = 32

// A seriesIndex finds metrics by dimension and name. It holds hashes, not texts, which would double
// the memory of an output of many metrics.
type seriesIndex struct {
	seed   maphash.Seed
	places map[uint64]int32 // nil up to maxSearched metrics
}

// add indexes the last one of metrics.
func (x *seriesIndex) add(metrics []collect.Metric) {
	if x.places != nil {
		last := len(metrics) - 1
		x.places[x.hash(metrics[last])] = int32(last)
		return
	}
	if len(metrics) <= maxSearched {
		return
	}
	x.seed, x.places = maphash.MakeSeed(), make(map[uint64]int32, 4*maxSearched)
	for i, m := range metrics {
		x.places[x.hash(m)] = int32(i)
	}
}

// moved indexes the metric at a place again, whose dimension or name was changed.
func (x *seriesIndex) moved(metrics []collect.Metric, place int) {
	if x.places != nil {
		x.places[x.hash(metrics[place])] = int32(place)
	}
}

// find returns the place of the metric with the dimension and name of m, or -1.
func (x *seriesIndex) find(metrics []collect.Metric, m collect.Metric) int {
	if x.places != nil {
		i, ok := x.places[x.hash(m)]
		if ok && isSeries(metrics[i], m) {
			return int(i)
		}
		return -1
	}
	for i := range metrics {
		if isSeries(metrics[i], m) {
			return i
		}
	}
	return -1
}

func isSeries(a, b collect.Metric) bool { return a.Name == b.Name && a.Dimension == b.Dimension }

func (x *seriesIndex) hash(m collect.Metric) uint64 {
	var h maphash.Hash
	h.SetSeed(x.seed)
	h.WriteString(m.Dimension)
	h.WriteByte(0)
	h.WriteString(m.Name)
	return h.Sum64()
}
