package main

import (
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"virgo/schedule/shorttext"
)

// A table aligns its columns; the last one is as long as it is.
type table struct {
	rows strings.Builder
}

// row adds a line. Cells come from agents too: they are made fit for a terminal.
func (t *table) row(cells ...string) {
	for i, c := range cells {
		if i > 0 {
			t.rows.WriteByte('\t')
		}
		t.rows.WriteString(shorttext.Sanitize(c))
	}
	t.rows.WriteByte('\n')
}

func (t *table) text() []byte {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	w.Write([]byte(t.rows.String()))
	w.Flush()
	return []byte(b.String())
}

// moment is a time as a table shows it: local, to the second, with its zone; "never" for the zero time.
func moment(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Local().Format("2006-01-02 15:04:05 -0700")
}

// span is a duration in ms as a table shows it: its two largest units.
func span(ms int64) string {
	s := ms / 1000
	for _, u := range []struct {
		name, part  string
		whole, less int64
	}{
		{"d", "h", 24 * 3600, 3600},
		{"h", "m", 3600, 60},
		{"m", "s", 60, 1},
	} {
		if s < u.whole {
			continue
		}
		text := strconv.FormatInt(s/u.whole, 10) + u.name
		if rest := s % u.whole / u.less; rest > 0 {
			text += strconv.FormatInt(rest, 10) + u.part
		}
		return text
	}
	if s == 0 {
		return strconv.FormatInt(ms, 10) + "ms"
	}
	return strconv.FormatInt(s, 10) + "s"
}
