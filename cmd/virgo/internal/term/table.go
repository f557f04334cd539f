package term

import (
	"io"
	"strings"
	"unicode/utf8"
)

// A Table aligns cells in columns, two spaces apart. The last column is not padded.
type Table struct {
	rows  [][]Cell
	right map[int]bool
}

// A Cell is text and the colour that it is shown in.
type Cell struct {
	Text  string
	Color Color
}

// Right aligns columns, counted from 0, to the right.
func (t *Table) Right(columns ...int) {
	t.right = make(map[int]bool)
	for _, c := range columns {
		t.right[c] = true
	}
}

// Row adds a row of plain cells.
func (t *Table) Row(texts ...string) {
	cells := make([]Cell, len(texts))
	for i, s := range texts {
		cells[i].Text = s
	}
	t.Cells(cells...)
}

// Cells adds a row.
func (t *Table) Cells(cells ...Cell) {
	for i := range cells {
		cells[i].Text = printable(cells[i].Text)
	}
	t.rows = append(t.rows, cells)
}

// Write prints the table; color false prints no escape sequence.
func (t *Table) Write(w io.Writer, color bool) error {
	var widths []int
	for _, row := range t.rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c.Text))
		}
	}
	var b strings.Builder
	for _, row := range t.rows {
		for i, c := range row {
			if i > 0 {
				b.WriteString("  ")
			}
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c.Text))
			if t.right[i] {
				b.WriteString(pad)
			}
			b.WriteString(c.Color.paint(c.Text, color))
			if !t.right[i] && i < len(row)-1 {
				b.WriteString(pad)
			}
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// printable keeps what a check, a plugin or an endpoint wrote from moving the cursor or changing the
// terminal: control characters become spaces.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)
}
