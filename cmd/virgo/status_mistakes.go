package main

import (
	"errors"
	"fmt"

	"virgo/cmd/internal/term"
	"virgo/schedule"
)

// maxMistakeRows bounds the mistakes in the table.
const maxMistakeRows = 8

// mistakeRows shows the first of some mistakes, and how many there are.
func mistakeRows(t *term.Table, lines []string) {
	for i, line := range lines {
		name := ""
		switch {
		case i == 0:
			name = "mistakes"
		case i == maxMistakeRows:
			t.Row("", fmt.Sprintf("and %d more: virgo schedule check lists those in checks", len(lines)-i))
			return
		}
		t.Cells(term.Cell{Text: name}, term.Cell{Text: line, Color: term.Bad})
	}
}

// problemLines describes the mistakes in a schedule.
func problemLines(problems []schedule.Problem) []string {
	var lines []string
	for _, p := range problems {
		if !errors.Is(p.Err, schedule.ErrOverridden) { // it is what the owner wanted
			lines = append(lines, problemLine(p))
		}
	}
	return lines
}
