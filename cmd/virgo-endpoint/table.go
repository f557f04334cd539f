package main

import (
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// A table is columns that line up, the last one as long as it is.
type table struct {
	rows strings.Builder
}

// row adds a line. Cells come from agents too: what could move a terminal's cursor is shown as "?".
func (t *table) row(cells ...string) {
	for i, c := range cells {
		if i > 0 {
			t.rows.WriteByte('\t')
		}
		t.rows.WriteString(strings.Map(func(r rune) rune {
			if !unicode.IsPrint(r) {
				return '?'
			}
			return r
		}, c))
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

// moment is a time as a table shows it: local, to the second; "never" for the zero time.
func moment(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Local().Format("2006-01-02 15:04:05")
}
