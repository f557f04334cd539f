package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// print writes the report as a table.
func (r *report) print(w io.Writer) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s, %d CPUs, %s, medians of %d runs\n", r.Platform, r.CPUs, r.Go, r.Runs)
	for _, c := range r.Conditions {
		fmt.Fprintln(&text, c)
	}
	if r.Runs < 10 {
		fmt.Fprintln(&text, "fewer than 10 runs: an indication, not a measurement")
	}
	name, figure, unit := 0, 0, 0
	for _, x := range r.Rows {
		name = max(name, utf8.RuneCountInString(x.Name))
		figure, unit = max(figure, len(number(x.Value))), max(unit, len(x.Unit))
	}
	heading := ""
	for _, x := range r.Rows {
		if x.Section != heading {
			heading = x.Section
			fmt.Fprintf(&text, "\n%s\n", heading)
		}
		line := fmt.Sprintf("  %-*s  %*s %-*s  %s", name, x.Name, figure, number(x.Value), unit, x.Unit, x.Budget)
		fmt.Fprintln(&text, strings.TrimRight(line, " "))
	}
	fmt.Fprintln(&text)
	wrap(&text, r.verdict())
	for _, line := range r.NotMeasured {
		wrap(&text, "Not measured here: "+line)
	}
	fmt.Fprintln(&text)
	for _, m := range r.Meanings {
		wrap(&text, m)
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// columns is the width of the sentences around the table.
const columns = 100

// wrap writes a sentence in lines of at most columns characters, the second and later ones indented.
func wrap(text *strings.Builder, sentence string) {
	line := ""
	for word := range strings.FieldsSeq(sentence) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > columns:
			fmt.Fprintln(text, line)
			line = "  " + word
		default:
			line += " " + word
		}
	}
	fmt.Fprintln(text, line)
}

// verdict says how many limits were missed, and which.
func (r *report) verdict() string {
	limits := 0
	var missed []string
	for _, x := range r.Rows {
		if x.Budget == nil {
			continue
		}
		limits++
		if !x.Budget.Met {
			missed = append(missed, x.Name)
		}
	}
	if len(missed) == 0 {
		return fmt.Sprintf("All %d limits are met.", limits)
	}
	return fmt.Sprintf("%d of %d limits MISSED: %s.", len(missed), limits, strings.Join(missed, "; "))
}

func (b *budget) String() string {
	if b == nil {
		return ""
	}
	sign, verdict := "≤", "met"
	if b.AtLeast {
		sign = "≥"
	}
	if !b.Met {
		verdict = "MISSED"
	}
	if b.Aim {
		verdict += " (long-term goal)"
	}
	return sign + " " + number(b.Bound) + "  " + verdict
}

// number formats f with two or three significant digits, or all digits of a whole number.
func number(f float64) string {
	switch abs := math.Abs(f); {
	case f == math.Trunc(f) || abs >= 100:
		return strconv.FormatFloat(f, 'f', 0, 64)
	case abs >= 10:
		return strconv.FormatFloat(f, 'f', 1, 64)
	case abs < 0.1:
		return strconv.FormatFloat(f, 'g', 2, 64)
	}
	return strconv.FormatFloat(f, 'f', 2, 64)
}
