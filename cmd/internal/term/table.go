package term

import (
	"io"
	"strings"

	"virgo/schedule/shorttext"
)

// A Table aligns cells in columns, two spaces apart. Its last column is not padded.
type Table struct {
	rows    [][]Cell
	right   map[int]bool
	columns int
}

// A Cell is text with a colour. A no-break space (U+00A0) is printed as a space where no line ends.
type Cell struct {
	Text  string
	Color Color
}

// Right aligns columns to the right; they count from 0.
func (t *Table) Right(columns ...int) {
	t.right = make(map[int]bool)
	for _, c := range columns {
		t.right[c] = true
	}
}

// Head adds a row of column names.
func (t *Table) Head(names ...string) {
	cells := make([]Cell, len(names))
	for i, s := range names {
		cells[i] = Cell{s, Head}
	}
	t.Cells(cells...)
}

// Row adds a row of plain cells.
func (t *Table) Row(texts ...string) {
	cells := make([]Cell, len(texts))
	for i, s := range texts {
		cells[i].Text = s
	}
	t.Cells(cells...)
}

// Cells adds a row. Texts come from checks, plugins and endpoints, so they are sanitized for
// terminals.
func (t *Table) Cells(cells ...Cell) {
	for i := range cells {
		cells[i].Text = shorttext.Sanitize(cells[i].Text)
	}
	t.rows = append(t.rows, cells)
	t.columns = max(t.columns, len(cells))
}

// Write prints the table, with escape sequences only if color is set. On a terminal it fits the
// width: the last column continues on further lines, and where it would have less than
// minLastColumn it is below its row; if it is short, the other columns are shortened instead.
// Elsewhere every row is one line.
func (t *Table) Write(w io.Writer, color bool) error {
	_, err := io.WriteString(w, t.format(color, Width(w)))
	return err
}

// Text returns what Write prints on a terminal of that width; 0 is for what is none.
func (t *Table) Text(width int, color bool) string { return t.format(color, width) }

// minLastColumn is the narrowest last column that is beside the others.
const minLastColumn = 24

// gap is between two columns, and before a last column that is below the others.
const gap = "  "

// format returns the table for a terminal of that width; 0: without bound.
func (t *Table) format(color bool, width int) string {
	last := t.columns - 1
	widths, longest := t.widths()
	indent := len(gap)*max(last, 0) + sum(widths)
	if width > 0 && indent+longest > width && longest < minLastColumn {
		shrink(widths, width-len(gap)*max(last, 0)-longest)
		indent = len(gap)*max(last, 0) + sum(widths)
	}
	rest, below := longest, false // of the last column
	if width > 0 && indent+longest > width {
		rest = width - indent
		if below = rest < minLastColumn && last > 0; below {
			rest = width - len(gap)
			shrink(widths, width-len(gap)*(last-1))
		}
	}
	var b strings.Builder
	for _, row := range t.rows {
		for i, c := range row[:min(len(row), max(last, 0))] {
			if i > 0 {
				b.WriteString(gap)
			}
			pad := strings.Repeat(" ", max(0, widths[i]-TextWidth(c.Text)))
			if t.right[i] {
				b.WriteString(pad)
			}
			b.WriteString(c.Color.paint(Clip(c.Text, widths[i]), color))
			if !t.right[i] && (i < len(row)-1 && !(below && i == last-1)) {
				b.WriteString(pad)
			}
		}
		if len(row) > last && last >= 0 {
			t.last(&b, row[last], rest, indent, below, color)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// last writes the cell of the last column.
func (t *Table) last(b *strings.Builder, c Cell, width, indent int, below, color bool) {
	lines := Wrap(c.Text, max(width, 1))
	before, between := gap, strings.Repeat(" ", indent)
	switch {
	case below && (c.Text == "" || c.Color == Head):
		return
	case below:
		before, between = "\n"+gap, gap
	case t.columns == 1:
		before = ""
	}
	b.WriteString(before)
	if t.right[t.columns-1] {
		b.WriteString(strings.Repeat(" ", max(0, width-TextWidth(c.Text))))
	}
	for i, line := range lines {
		if i > 0 {
			b.WriteString("\n" + between)
		}
		b.WriteString(c.Color.paint(line, color))
	}
}

// widths returns the widths of all columns but the last, and of the last.
func (t *Table) widths() (widths []int, last int) {
	widths = make([]int, max(0, t.columns-1))
	for _, row := range t.rows {
		for i, c := range row {
			w := TextWidth(c.Text)
			if i == t.columns-1 {
				last = max(last, w)
				continue
			}
			widths[i] = max(widths[i], w)
		}
	}
	return widths, last
}

func sum(widths []int) (n int) {
	for _, w := range widths {
		n += w
	}
	return n
}

// minColumn is the width below which no column is shortened.
const minColumn = 8

// shrink shortens the widest columns until all together have the width.
func shrink(widths []int, width int) {
	for len(widths) > 0 {
		widest := 0
		for i, w := range widths {
			if w > widths[widest] {
				widest = i
			}
		}
		if sum(widths) <= width || widths[widest] <= minColumn {
			return
		}
		widths[widest]--
	}
}
