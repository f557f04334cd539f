package main

import (
	"os"

	"virgo/cmd/internal/term"
	"virgo/schedule/shorttext"
)

// A table aligns its columns; the last one is as long as it is. Cells come from agents too: they are made
// fit for a terminal. On a terminal that is too narrow, the less important columns are left out.
type table struct {
	columns []column
	rows    [][]term.Cell
}

// A column of a table.
type column struct {
	head string
	// drop is 0 for a column that stays; of the others, those with the greatest number are left out first.
	drop int
	// optional columns are left out where no cell says anything: it is empty, a dash or 0.
	optional bool
	right    bool
}

// row adds a line of plain cells.
func (t *table) row(texts ...string) {
	cells := make([]term.Cell, len(texts))
	for i, text := range texts {
		cells[i].Text = text
	}
	t.cells(cells...)
}

// cells adds a line.
func (t *table) cells(cells ...term.Cell) {
	for i := range cells {
		cells[i].Text = shorttext.Sanitize(cells[i].Text)
	}
	t.rows = append(t.rows, cells)
}

// shown returns the columns that are printed where there are width columns of text, of which the last
// column of the table needs least; width 0 is without bound.
func (t *table) shown(width, least int) []int {
	var shown []int
	for i, c := range t.columns {
		if !c.optional || t.says(i) {
			shown = append(shown, i)
		}
	}
	for width > 0 && t.width(shown, least) > width {
		worst := -1
		for place, i := range shown {
			if drop := t.columns[i].drop; drop > 0 && (worst < 0 || drop >= t.columns[shown[worst]].drop) {
				worst = place
			}
		}
		if worst < 0 {
			break
		}
		shown = append(shown[:worst:worst], shown[worst+1:]...)
	}
	return shown
}

// says reports whether any cell of a column says something.
func (t *table) says(i int) bool {
	for _, row := range t.rows {
		if i < len(row) {
			if text := row[i].Text; text != "" && text != "-" && text != "0" {
				return true
			}
		}
	}
	return false
}

// width returns how many columns of text some columns need.
func (t *table) width(shown []int, least int) int {
	n := 0
	for place, i := range shown {
		widest := term.TextWidth(t.columns[i].head)
		for _, row := range t.rows {
			if i < len(row) {
				widest = max(widest, term.TextWidth(row[i].Text))
			}
		}
		if i == len(t.columns)-1 && least > 0 {
			widest = least
		}
		if n += widest; place > 0 {
			n += len("  ")
		}
	}
	return n
}

// text returns the table for width columns of text; 0 is without bound.
func (t *table) text(width, least int, color bool) []byte {
	var out term.Table
	var right []int
	shown := t.shown(width, least)
	heads := make([]string, len(shown))
	for place, i := range shown {
		heads[place] = t.columns[i].head
		if t.columns[i].right {
			right = append(right, place)
		}
	}
	out.Right(right...)
	out.Head(heads...)
	for _, row := range t.rows {
		cells := make([]term.Cell, 0, len(shown))
		for _, i := range shown {
			if i < len(row) {
				cells = append(cells, row[i])
			}
		}
		out.Cells(cells...)
	}
	return []byte(out.Text(width, color))
}

// width returns how many columns of text the output has; 0 if it is no terminal.
func (a *app) width() int { return term.Width(a.out) }

// color reports whether the output may have colours.
func (a *app) color() bool { return term.UseColor(a.out, os.Getenv) }

// printTable prints a table; on a terminal it fits.
func (a *app) printTable(t *table) error { return a.print(t.text(a.width(), 0, a.color())) }
