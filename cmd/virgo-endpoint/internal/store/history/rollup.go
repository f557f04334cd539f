package history

import (
	"cmp"
	"slices"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// The numbers of buckets in a row of each table of roll-ups.
const (
	minuteBuckets = 12 // of five minutes in an hour
	hourBuckets   = 24 // in a day
	dayBuckets    = 32 // in a month
	maxBuckets    = dayBuckets
)

// A bucket is the roll-up of a series in a span of time. Without values its count is 0.
type bucket struct {
	count    int64
	min, max intake.Value
	mean     float64
	late     bool
}

// add adds a value.
func (b *bucket) add(v intake.Value, late bool) {
	b.join(&bucket{count: 1, min: v, max: v, mean: v.Float(), late: late})
}

// join adds the values of other.
func (b *bucket) join(other *bucket) {
	if other.count == 0 {
		return
	}
	if b.count == 0 {
		*b = *other
		return
	}
	if other.min.Compare(b.min) < 0 {
		b.min = other.min
	}
	if other.max.Compare(b.max) > 0 {
		b.max = other.max
	}
	all := float64(b.count + other.count)
	b.mean = b.mean*(float64(b.count)/all) + other.mean*(float64(other.count)/all) // never above the largest
	b.count += other.count
	b.late = b.late || other.late
}

// A rollup is the content of a row: the checks of an agent, sorted by number. A check is among its series: its count is that
// of the results, its values are 0.
type rollup []rolledCheck

type rolledCheck struct {
	number uint64
	period int64 // ms; 0 if it is not known
	series []rolledSeries
}

// A rolledSeries is sorted by number in its check. It has a bucket for each part of the row's span.
type rolledSeries struct {
	number  uint64
	buckets []bucket
}

// check returns the check of that number, which it adds if there is none.
func (r *rollup) check(number uint64) *rolledCheck {
	at, ok := slices.BinarySearchFunc(*r, number, func(c rolledCheck, n uint64) int { return cmp.Compare(c.number, n) })
	if !ok {
		*r = slices.Insert(*r, at, rolledCheck{number: number})
	}
	return &(*r)[at]
}

// of returns the buckets of a series, which it adds if there are none.
func (c *rolledCheck) of(number uint64, buckets int) []bucket {
	at, ok := slices.BinarySearchFunc(c.series, number, func(s rolledSeries, n uint64) int { return cmp.Compare(s.number, n) })
	if !ok {
		c.series = slices.Insert(c.series, at, rolledSeries{number, make([]bucket, buckets)})
	}
	return c.series[at].buckets
}

// series returns the buckets of a series and the period of its check; nil if it has none.
func (r rollup) series(check, number uint64) (buckets []bucket, period int64) {
	i, ok := slices.BinarySearchFunc(r, check, func(c rolledCheck, n uint64) int { return cmp.Compare(c.number, n) })
	if !ok {
		return nil, 0
	}
	j, ok := slices.BinarySearchFunc(r[i].series, number, func(s rolledSeries, n uint64) int { return cmp.Compare(s.number, n) })
	if !ok {
		return nil, 0
	}
	return r[i].series[j].buckets, r[i].period
}

// add adds the values of checks, which are of the row's span that begins at start, in buckets of that length.
func (r *rollup) add(checks []check, start, length int64, buckets int) {
	for i := range checks {
		c := &checks[i]
		to := r.check(c.number)
		if c.period > 0 {
			to.period = c.period
		}
		results := to.of(c.number, buckets)
		for row, at := range c.times {
			results[(at-start)/length].join(&bucket{count: 1, late: c.flags[row]&flagLate != 0})
		}
		for j := range c.columns {
			col := &c.columns[j]
			if col.text {
				continue
			}
			into := to.of(col.number, buckets)
			for k, row := range col.rows {
				into[(c.times[row]-start)/length].add(col.values[k], c.flags[row]&flagLate != 0)
			}
		}
	}
}

// join adds all of other, bucket by bucket.
func (r *rollup) join(other rollup, buckets int) {
	for i := range other {
		to := r.check(other[i].number)
		if other[i].period > 0 {
			to.period = other[i].period
		}
		for j := range other[i].series {
			from := &other[i].series[j]
			into := to.of(from.number, buckets)
			for k := range into {
				into[k].join(&from.buckets[k])
			}
		}
	}
}

// sum returns the roll-up in which each series has one bucket with all of its values.
func (r rollup) sum() rollup {
	var sum rollup
	for i := range r {
		c := rolledCheck{number: r[i].number, period: r[i].period}
		for j := range r[i].series {
			one := make([]bucket, 1)
			for k := range r[i].series[j].buckets {
				one[0].join(&r[i].series[j].buckets[k])
			}
			c.series = append(c.series, rolledSeries{r[i].series[j].number, one})
		}
		sum = append(sum, c)
	}
	return sum
}

// set replaces the bucket at a place by the only one of other, for every series; those that other lacks have no
// values there any more.
func (r *rollup) set(at int, other rollup, buckets int) {
	for i := range *r {
		for j := range (*r)[i].series {
			(*r)[i].series[j].buckets[at] = bucket{}
		}
	}
	for i := range other {
		to := r.check(other[i].number)
		if other[i].period > 0 {
			to.period = other[i].period
		}
		for j := range other[i].series {
			to.of(other[i].series[j].number, buckets)[at] = other[i].series[j].buckets[0]
		}
	}
}
