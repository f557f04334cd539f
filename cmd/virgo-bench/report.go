package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"runtime"
	"strconv"
	"strings"
)

// schemaVersion of the JSON document; it grows when a field changes its meaning or goes.
const schemaVersion = 1

// A report is the table.
type report struct {
	SchemaVersion int    `json:"schema_version"`
	Platform      string `json:"platform"`
	CPUs          int    `json:"cpus"`
	Go            string `json:"go"`
	Runs          int    `json:"runs"`
	Rows          []row  `json:"rows"`
}

// A row is one figure: the median over the runs.
type row struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"`
	Budget *budget `json:"budget,omitempty"`
}

// A budget is what a figure must not pass.
type budget struct {
	Bound float64 `json:"bound"`
	// AtLeast turns the budget into a bound that the figure must reach.
	AtLeast bool `json:"at_least"`
	// Aim says that a later step of the project is to meet it.
	Aim bool `json:"aim"`
	Met bool `json:"met"`
}

func newReport(runs int) *report {
	return &report{schemaVersion, runtime.GOOS + "/" + runtime.GOARCH, runtime.NumCPU(), runtime.Version(), runs, nil}
}

// add is a figure without a budget.
func (r *report) add(name string, value float64, unit string) {
	r.Rows = append(r.Rows, row{Name: name, Value: value, Unit: unit})
}

// atMost is a figure that must not pass a bound.
func (r *report) atMost(name string, value float64, unit string, bound float64) *budget {
	r.add(name, value, unit)
	return r.bound(budget{Bound: bound, Met: value <= bound})
}

// atLeast is a figure that must reach a bound.
func (r *report) atLeast(name string, value float64, unit string, bound float64) *budget {
	r.add(name, value, unit)
	return r.bound(budget{Bound: bound, AtLeast: true, Met: value >= bound})
}

func (r *report) bound(b budget) *budget {
	r.Rows[len(r.Rows)-1].Budget = &b
	return &b
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
		verdict += " (aim of a later step)"
	}
	return sign + " " + number(b.Bound) + "  " + verdict
}

func (r *report) print(w io.Writer) error {
	fmt.Fprintf(w, "%s, %d CPUs, %s, medians of %d runs\n", r.Platform, r.CPUs, r.Go, r.Runs)
	if r.Runs < 10 {
		fmt.Fprintln(w, "fewer than 10 runs: a look, not a measurement")
	}
	fmt.Fprintln(w)
	name, figure, unit := 0, 0, 0
	for _, x := range r.Rows {
		name, figure, unit = max(name, len([]rune(x.Name))), max(figure, len(number(x.Value))), max(unit, len(x.Unit))
	}
	for _, x := range r.Rows {
		line := fmt.Sprintf("%-*s  %*s %-*s  %s", name, x.Name, figure, number(x.Value), unit, x.Unit, x.Budget)
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " ")); err != nil {
			return err
		}
	}
	return nil
}

func (r *report) printJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(r)
}

// number has three digits that count, or all of a whole number's.
func number(f float64) string {
	switch abs := math.Abs(f); {
	case f == math.Trunc(f) || abs >= 100:
		return strconv.FormatFloat(f, 'f', 0, 64)
	case abs >= 10:
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	return strconv.FormatFloat(f, 'f', 2, 64)
}
