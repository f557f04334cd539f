package history

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// Bounds of an agent's series.
const (
	// MaxSeries bounds the series of an agent, and its checks. For a new one, that which was not seen for
	// longest is forgotten.
	MaxSeries = 1 << 14
	// MaxSeriesPerHour bounds the series of an agent in what one closing adds; further ones are left out and counted.
	MaxSeriesPerHour = 1 << 12
	// MaxNameBytes bounds the names of dimensions, metrics, types and units; a metric with a longer one is left out
	// and counted.
	MaxNameBytes = 512
)

const dictionaryVersion = 1

// A kind says what an entry of a dictionary is for.
type kind uint8

const (
	kindNumber kind = iota
	kindText
	// kindCheck is for a check itself, which has results also without metrics.
	kindCheck
)

// A name is what distinguishes an agent's series.
type name struct {
	check, dimension, metric, unit string
	kind                           kind
}

// An entry is one series of a dictionary.
type entry struct {
	name
	number            uint64
	checkType, typ    string
	firstDay, lastDay int64 // since 1970
}

// A dictionary numbers the series of an agent. Numbers are never used again.
type dictionary struct {
	next    uint64
	lost    uint64 // metrics that were left out
	entries map[name]*entry
	changed bool
}

func newDictionary() *dictionary { return &dictionary{next: 1, entries: map[name]*entry{}} }

// entry returns the entry of a series that has a value on that day, a new one if it has none. It forgets
// nothing: see trim.
func (d *dictionary) entry(n name, checkType, typ string, day int64) *entry {
	e := d.entries[n]
	if e == nil {
		e = &entry{name: n, number: d.next, firstDay: day, lastDay: day - 1}
		d.next++
		d.entries[n] = e
	}
	if day < e.firstDay {
		e.firstDay, d.changed = day, true
	}
	if day > e.lastDay {
		e.lastDay, e.checkType, e.typ, d.changed = day, checkType, typ, true
	} else if day == e.lastDay && (e.checkType != checkType || e.typ != typ) {
		e.checkType, e.typ, d.changed = checkType, typ, true
	}
	return e
}

// trim forgets the series that were not seen for longest if there are more than MaxSeries; of those of the same day
// the ones that were seen on the fewest.
func (d *dictionary) trim() {
	surplus := len(d.entries) - MaxSeries
	if surplus <= 0 {
		return
	}
	list := d.list()
	slices.SortFunc(list, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(a.lastDay, b.lastDay), cmp.Compare(b.firstDay, a.firstDay), cmp.Compare(a.number, b.number))
	})
	for _, e := range list[:surplus] {
		delete(d.entries, e.name)
	}
	d.changed = true
}

// list returns the entries in the order of their numbers.
func (d *dictionary) list() []*entry {
	list := make([]*entry, 0, len(d.entries))
	for _, e := range d.entries {
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b *entry) int { return cmp.Compare(a.number, b.number) })
	return list
}

// find returns the series of that metric which has the latest value; nil if there is none.
func (d *dictionary) find(check, dimension, metric string) *entry {
	var found *entry
	for _, e := range d.entries {
		if e.kind == kindCheck || e.check != check || e.dimension != dimension || e.metric != metric {
			continue
		}
		if found == nil || cmp.Or(cmp.Compare(e.lastDay, found.lastDay), cmp.Compare(e.number, found.number)) > 0 {
			found = e
		}
	}
	return found
}

// series returns the series that are metrics.
func (d *dictionary) series() []intake.Series {
	var list []intake.Series
	for _, e := range d.entries {
		if e.kind != kindCheck {
			list = append(list, intake.Series{
				CheckID: e.check, CheckType: e.checkType, Dimension: e.dimension, Metric: e.metric, Type: e.typ, Unit: e.unit,
				First: time.UnixMilli(e.firstDay * dayMS), Last: time.UnixMilli(e.lastDay * dayMS),
			})
		}
	}
	sortSeries(list)
	return list
}

func sortSeries(list []intake.Series) {
	slices.SortFunc(list, func(a, b intake.Series) int {
		return cmp.Or(strings.Compare(a.CheckID, b.CheckID), strings.Compare(a.Dimension, b.Dimension),
			strings.Compare(a.Metric, b.Metric), strings.Compare(a.Unit, b.Unit), strings.Compare(a.Type, b.Type))
	})
}

// append appends the dictionary to b. Each name is written as how many bytes it shares with the one before.
func (d *dictionary) append(b []byte) []byte {
	b = append(b, dictionaryVersion)
	for _, n := range []uint64{d.next, d.lost, uint64(len(d.entries))} {
		b = binary.AppendUvarint(b, n)
	}
	before := &entry{}
	for _, e := range d.list() {
		b = binary.AppendUvarint(b, e.number-before.number)
		b = append(b, byte(e.kind))
		for _, pair := range [][2]string{
			{before.check, e.check}, {before.checkType, e.checkType}, {before.dimension, e.dimension},
			{before.metric, e.metric}, {before.typ, e.typ}, {before.unit, e.unit},
		} {
			b = appendShared(b, pair[0], pair[1])
		}
		b = binary.AppendUvarint(b, zigzag(uint64(e.firstDay-before.firstDay)))
		b = binary.AppendUvarint(b, zigzag(uint64(e.lastDay-before.lastDay)))
		before = e
	}
	return b
}

func appendShared(b []byte, before, s string) []byte {
	n := 0
	for n < min(len(before), len(s)) && before[n] == s[n] {
		n++
	}
	b = binary.AppendUvarint(b, uint64(n))
	b = binary.AppendUvarint(b, uint64(len(s)-n))
	return append(b, s[n:]...)
}

// readDictionary is the inverse of append.
func readDictionary(content []byte) (*dictionary, error) {
	r := &reader{rest: content}
	if r.byte() != dictionaryVersion {
		r.fail("an unknown version")
	}
	d := newDictionary()
	d.next, d.lost = r.uvarint(), r.uvarint()
	before := &entry{}
	for n := r.count(MaxSeries); n > 0 && r.err == nil; n-- {
		e := &entry{number: before.number + r.uvarint()}
		e.kind = kind(r.byte())
		e.check, e.checkType = r.shared(before.check), r.shared(before.checkType)
		e.dimension, e.metric = r.shared(before.dimension), r.shared(before.metric)
		e.typ, e.unit = r.shared(before.typ), r.shared(before.unit)
		e.firstDay, e.lastDay = before.firstDay+r.varint(), before.lastDay+r.varint()
		if r.err == nil && (e.number <= before.number || e.number >= d.next || e.kind > kindCheck || d.entries[e.name] != nil ||
			e.firstDay < 0 || e.lastDay > maxUnit) {
			r.fail("a series")
		}
		d.entries[e.name] = e
		before = e
	}
	if r.err == nil && len(r.rest) > 0 {
		r.fail("bytes behind its end")
	}
	return d, r.err
}

func (r *reader) shared(before string) string {
	n := r.count(len(before))
	rest := r.bytes(MaxNameBytes)
	if n+len(rest) > MaxNameBytes {
		r.fail("a name")
		return ""
	}
	if n == len(before) && len(rest) == 0 {
		return before
	}
	return before[:n] + string(rest)
}
