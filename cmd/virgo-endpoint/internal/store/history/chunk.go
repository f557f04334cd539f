package history

import (
	"encoding/binary"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// Bounds of a chunk. The one of a decoded chunk leaves room for what a constant column or a damaged row
// could say in a few bytes.
const (
	chunkVersion = 1
	// maxChunkSize is up to how many results and values a chunk grows.
	maxChunkSize = 1 << 20
	// maxDecoded bounds the results and values that are read from one.
	maxDecoded = 4 << 20
)

// An encoder encodes chunks and roll-ups. It may be used again, not concurrently.
type encoder struct {
	columns columnEncoder
	numbers []intake.Value
}

// chunk appends checks, which are sorted and of the hour that begins at start (ms), to b.
func (e *encoder) chunk(b []byte, start int64, checks []check) []byte {
	b = append(b, chunkVersion)
	b = binary.AppendUvarint(b, uint64(len(checks)))
	for i := range checks {
		c := &checks[i]
		b = binary.AppendUvarint(b, c.number)
		b = binary.AppendUvarint(b, uint64(c.period))
		b = binary.AppendUvarint(b, uint64(len(c.times)))
		e.numbers = e.numbers[:0]
		for _, t := range c.times {
			e.numbers = append(e.numbers, intake.IntValue(t-start))
		}
		b = e.columns.append(b, e.numbers)
		b = appendFlags(b, c.flags)
		b = binary.AppendUvarint(b, uint64(len(c.columns)))
		full := filled(c.flags)
		before := uint64(0)
		for j := range c.columns {
			col := &c.columns[j]
			kind := byte(0)
			if col.text {
				kind |= columnText
			}
			if len(col.rows) != full {
				kind |= columnSparse
			}
			b = append(b, kind)
			b = binary.AppendUvarint(b, col.number-before)
			before = col.number
			if kind&columnSparse != 0 {
				b = appendRows(b, col.rows)
			}
			if col.text {
				b = appendTexts(b, col.texts)
			} else {
				b = e.columns.append(b, col.values)
			}
		}
	}
	return b
}

// The kinds of a column in a chunk.
const (
	columnText byte = 1 << iota
	// columnSparse is for a column that some results with metrics lack.
	columnSparse
)

// filled returns the number of results with metrics.
func filled(flags []byte) (n int) {
	for _, f := range flags {
		if f&flagBare == 0 {
			n++
		}
	}
	return n
}

// appendFlags appends runs of equal flags.
func appendFlags(b []byte, flags []byte) []byte {
	for i := 0; i < len(flags); {
		n := 1
		for i+n < len(flags) && flags[i+n] == flags[i] {
			n++
		}
		b = binary.AppendUvarint(append(b, flags[i]), uint64(n))
		i += n
	}
	return b
}

// appendRows appends the number of rows, and runs of following rows: how many are left out before it, how long it is.
func appendRows(b []byte, rows []int32) []byte {
	b = binary.AppendUvarint(b, uint64(len(rows)))
	next := int32(0)
	for i := 0; i < len(rows); {
		n := 1
		for i+n < len(rows) && rows[i+n] == rows[i]+int32(n) {
			n++
		}
		b = binary.AppendUvarint(b, uint64(rows[i]-next))
		b = binary.AppendUvarint(b, uint64(n))
		next = rows[i] + int32(n)
		i += n
	}
	return b
}

// appendTexts appends runs of equal texts.
func appendTexts(b []byte, texts []string) []byte {
	for i := 0; i < len(texts); {
		n := 1
		for i+n < len(texts) && texts[i+n] == texts[i] {
			n++
		}
		b = binary.AppendUvarint(b, uint64(n))
		b = binary.AppendUvarint(b, uint64(len(texts[i])))
		b = append(b, texts[i]...)
		i += n
	}
	return b
}

// readChunk is the inverse of encoder.chunk.
func readChunk(content []byte, start int64) ([]check, error) {
	r := &reader{rest: content}
	if r.byte() != chunkVersion {
		r.fail("an unknown version")
	}
	left := maxDecoded
	var list []check
	for n := r.count(len(r.rest)); n > 0 && r.err == nil; n-- {
		list = append(list, r.check(start, &left))
	}
	if r.err == nil && len(r.rest) > 0 {
		r.fail("bytes behind its end")
	}
	return list, r.err
}

// check reads a check; left is how many results and values there may still be.
func (r *reader) check(start int64, left *int) check {
	c := check{number: r.uvarint(), period: r.period()}
	n := r.take(left)
	if n == 0 {
		r.fail("a check without results")
		return c
	}
	for i, v := range r.column(make([]intake.Value, 0, n), n) {
		t, ok := v.Int()
		if !ok || t < 0 || t >= hourMS || i > 0 && start+t < c.times[i-1] {
			r.fail("a time")
			return c
		}
		c.times = append(c.times, start+t)
	}
	c.flags = r.flags(n)
	if r.err != nil {
		return c
	}
	before := uint64(0)
	for columns := r.count(len(r.rest)); columns > 0 && r.err == nil; columns-- {
		kind := r.byte()
		number := before + r.uvarint()
		if kind&^(columnText|columnSparse) != 0 || number < before || number == before && len(c.columns) > 0 {
			r.fail("a column's number")
			break
		}
		before = number
		col := column{number: number, text: kind&columnText != 0}
		col.rows = r.rows(c.flags, kind&columnSparse != 0, left)
		switch {
		case r.err != nil:
		case col.text:
			col.texts = r.texts(len(col.rows))
		default:
			col.values = r.column(make([]intake.Value, 0, len(col.rows)), len(col.rows))
		}
		c.columns = append(c.columns, col)
	}
	return c
}

// maxPeriodMS bounds a check's period.
const maxPeriodMS = 366 * dayMS

func (r *reader) period() int64 {
	n := r.uvarint()
	if n > uint64(maxPeriodMS) {
		r.fail("a period")
		return 0
	}
	return int64(n)
}

// take reads a number of results or values, and takes it from left.
func (r *reader) take(left *int) int {
	n := r.count(*left)
	*left -= n
	return n
}

func (r *reader) flags(n int) []byte {
	flags := make([]byte, 0, n)
	for len(flags) < n && r.err == nil {
		f, run := r.byte(), r.count(n-len(flags))
		if f&^knownFlags != 0 || run == 0 {
			r.fail("flags")
			break
		}
		for range run {
			flags = append(flags, f)
		}
	}
	return flags
}

// rows reads which results have a column; without sparse it is all that have metrics.
func (r *reader) rows(flags []byte, sparse bool, left *int) []int32 {
	if !sparse {
		n := filled(flags)
		if *left -= n; n == 0 || *left < 0 {
			r.fail("a column without values, or too many")
			return nil
		}
		rows := make([]int32, 0, n)
		for i, f := range flags {
			if f&flagBare == 0 {
				rows = append(rows, int32(i))
			}
		}
		return rows
	}
	n := r.take(left)
	if n == 0 || n > len(flags) {
		r.fail("the number of a column's values")
		return nil
	}
	rows := make([]int32, 0, n)
	next := 0
	for len(rows) < n && r.err == nil {
		next += r.count(len(flags) - next)
		run := r.count(min(n-len(rows), len(flags)-next))
		if run == 0 {
			r.fail("the results of a column")
			break
		}
		for range run {
			rows = append(rows, int32(next))
			next++
		}
	}
	return rows
}

func (r *reader) texts(n int) []string {
	texts := make([]string, 0, n)
	for len(texts) < n && r.err == nil {
		run := r.count(n - len(texts))
		text := string(r.bytes(intake.MaxTextBytes))
		if run == 0 {
			r.fail("texts")
			break
		}
		for range run {
			texts = append(texts, text)
		}
	}
	return texts
}
