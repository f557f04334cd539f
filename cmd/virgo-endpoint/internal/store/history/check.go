package history

import (
	"cmp"
	"slices"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// Flags of a result in a check.
const (
	flagLate byte = 1 << iota
	// flagBare is that of a result without metrics.
	flagBare
	knownFlags = flagLate | flagBare
)

// A check is what an hour has of one check of an agent: its results in the order of time, and a column for each of
// its metrics.
type check struct {
	number  uint64 // in the dictionary
	period  int64  // ms; 0 if it is not known
	times   []int64
	flags   []byte
	columns []column
}

// A column is one metric in the results of a check.
type column struct {
	number uint64 // in the dictionary
	text   bool
	// rows are the results that have it, in ascending order; values or texts theirs.
	rows   []int32
	values []intake.Value
	texts  []string
}

func (c *check) size() (n int) {
	n = len(c.times)
	for i := range c.columns {
		n += len(c.columns[i].rows)
	}
	return n
}

// column returns the column of a series, or nil.
func (c *check) column(number uint64) *column {
	for i := range c.columns {
		if c.columns[i].number == number {
			return &c.columns[i]
		}
	}
	return nil
}

// add appends the results of other to those of c.
func (c *check) add(other *check) {
	first := int32(len(c.times))
	c.times, c.flags = append(c.times, other.times...), append(c.flags, other.flags...)
	if other.period > 0 {
		c.period = other.period
	}
	for i := range other.columns {
		from := &other.columns[i]
		to := c.column(from.number)
		if to == nil {
			c.columns = append(c.columns, column{number: from.number, text: from.text})
			to = &c.columns[len(c.columns)-1]
		}
		for _, row := range from.rows {
			to.rows = append(to.rows, first+row)
		}
		to.values, to.texts = append(to.values, from.values...), append(to.texts, from.texts...)
	}
}

// sort brings the results into the order of time and the columns into that of their numbers.
func (c *check) sort() {
	slices.SortFunc(c.columns, func(a, b column) int { return cmp.Compare(a.number, b.number) })
	if slices.IsSorted(c.times) {
		return
	}
	order := make([]int32, len(c.times)) // new place to old
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(c.times[a], c.times[b]) })
	times, flags, place := make([]int64, len(order)), make([]byte, len(order)), make([]int32, len(order))
	for to, from := range order {
		times[to], flags[to], place[from] = c.times[from], c.flags[from], int32(to)
	}
	c.times, c.flags = times, flags
	for i := range c.columns {
		c.columns[i].sort(place)
	}
}

// sort moves the values to the new places of their results.
func (c *column) sort(place []int32) {
	order := make([]int, len(c.rows))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(place[c.rows[a]], place[c.rows[b]]) })
	sorted := column{number: c.number, text: c.text, rows: make([]int32, 0, len(order))}
	for _, i := range order {
		sorted.rows = append(sorted.rows, place[c.rows[i]])
		if c.text {
			sorted.texts = append(sorted.texts, c.texts[i])
		} else {
			sorted.values = append(sorted.values, c.values[i])
		}
	}
	*c = sorted
}

// merge adds the checks of other to list, and sorts what results.
func merge(list, other []check) []check {
	for i := range other {
		if at := slices.IndexFunc(list, func(c check) bool { return c.number == other[i].number }); at >= 0 {
			list[at].add(&other[i])
		} else {
			list = append(list, other[i])
		}
	}
	sortChecks(list)
	return list
}

func sortChecks(list []check) {
	slices.SortFunc(list, func(a, b check) int { return cmp.Compare(a.number, b.number) })
	for i := range list {
		list[i].sort()
	}
}

// sizeOf returns the number of results and values of checks.
func sizeOf(list []check) (n int) {
	for i := range list {
		n += list[i].size()
	}
	return n
}
