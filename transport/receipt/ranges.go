package receipt

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Range is the results agent/start-from to agent/start-to, both included. A result's id is
// "agent/", start in 16 hexadecimal digits, "-", and its number in hexadecimal without leading
// zeros.
type Range struct {
	Start    uint64
	From, To uint64
}

// String returns "start-from-to", as a document and results.receipt have it.
func (r Range) String() string { return fmt.Sprintf("%016x-%x-%x", r.Start, r.From, r.To) }

// Len returns the number of results, at most 1<<64-1.
func (r Range) Len() uint64 { return max(r.To-r.From+1, r.To-r.From) }

// ParseRange reads the format of [Range.String].
func ParseRange(s string) (Range, error) {
	start, rest, ok := strings.Cut(s, "-")
	from, to, ok2 := strings.Cut(rest, "-")
	var r Range
	if ok && ok2 && len(start) == 16 {
		var a, b, c bool
		r.Start, a = parseHex(start)
		r.From, b = parseHex(from)
		r.To, c = parseHex(to)
		if a && b && c && r.From <= r.To {
			return r, nil
		}
	}
	return Range{}, fmt.Errorf("%.64q is not a range: start-from-to in hexadecimal, start with 16 digits", s)
}

// MarshalText writes the format of [Range.String].
func (r Range) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads the format of [Range.String].
func (r *Range) UnmarshalText(b []byte) (err error) {
	*r, err = ParseRange(string(b))
	return err
}

// parseHex reads lower-case hexadecimal digits, without a sign or a prefix.
func parseHex(s string) (uint64, bool) {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return 0, false
		}
	}
	n, err := strconv.ParseUint(s, 16, 64)
	return n, err == nil
}

// ID formats the id of a result.
func ID(agent string, start, n uint64) string {
	return agent + "/" + fmt.Sprintf("%016x-%x", start, n)
}

// ParseID splits a result's id. ok is false if it is not an id of this agent as [ID] formats it.
func ParseID(agent, id string) (start, n uint64, ok bool) {
	if len(id) > maxIDBytes || len(id) <= len(agent) || id[:len(agent)] != agent || id[len(agent)] != '/' {
		return 0, 0, false
	}
	first, second, ok := strings.Cut(id[len(agent)+1:], "-")
	if !ok || len(first) != 16 || len(second) > 1 && second[0] == '0' {
		return 0, 0, false
	}
	start, a := parseHex(first)
	n, b := parseHex(second)
	return start, n, a && b
}

// Ranges collects results into ranges; adding them in order is fastest. The zero value is empty.
type Ranges struct{ list []Range }

// Add adds one result.
func (g *Ranges) Add(start, n uint64) {
	if k := len(g.list); k > 0 && g.list[k-1].Start == start {
		last := &g.list[k-1]
		if n >= last.From && n <= last.To {
			return
		}
		if last.To != 1<<64-1 && n == last.To+1 {
			last.To = n
			return
		}
	}
	g.list = append(g.list, Range{start, n, n})
}

// AddRange adds a range.
func (g *Ranges) AddRange(r Range) { g.list = append(g.list, r) }

// List returns the ranges, sorted and merged.
func (g *Ranges) List() []Range {
	g.list = Merge(g.list)
	return g.list
}

// Merge sorts ranges and joins those that overlap or are adjacent. It reuses the given slice.
func Merge(ranges []Range) []Range {
	slices.SortFunc(ranges, func(a, b Range) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.From, b.From))
	})
	out := ranges[:0]
	for _, r := range ranges {
		if k := len(out); k > 0 && out[k-1].Start == r.Start && (out[k-1].To == 1<<64-1 || r.From <= out[k-1].To+1) {
			out[k-1].To = max(out[k-1].To, r.To)
			continue
		}
		out = append(out, r)
	}
	return out
}

// Intersect returns the results that are in both lists, sorted and merged. It sorts and merges a and b
// in place.
func Intersect(a, b []Range) []Range {
	a, b = Merge(a), Merge(b)
	var out []Range
	for len(a) > 0 && len(b) > 0 {
		x, y := a[0], b[0]
		if x.Start == y.Start {
			if from, to := max(x.From, y.From), min(x.To, y.To); from <= to {
				out = append(out, Range{x.Start, from, to})
			}
		}
		if cmp.Or(cmp.Compare(x.Start, y.Start), cmp.Compare(x.To, y.To)) <= 0 {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return out
}

// A Set is a set of results, with lookup in logarithmic time.
type Set struct{ list []Range }

// NewSet makes a set of ranges, which may overlap.
func NewSet(ranges []Range) Set { return Set{Merge(slices.Clone(ranges))} }

// Has reports whether the result start-n is in the set.
func (s Set) Has(start, n uint64) bool {
	i, found := slices.BinarySearchFunc(s.list, Range{Start: start, From: n}, func(a, b Range) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.From, b.From))
	})
	if found {
		return true
	}
	return i > 0 && s.list[i-1].Start == start && n <= s.list[i-1].To
}
