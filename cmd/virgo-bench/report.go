package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"
)

// A row is one figure of the table.
type row struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	// Budget that the figure must not pass; 0 where there is none. Floor turns it into one that the figure
	// must reach.
	Budget float64 `json:"budget,omitempty"`
	Floor  bool    `json:"floor,omitempty"`
	// Aim says that a later step of the project is to meet the budget.
	Aim bool `json:"aim,omitempty"`
	// Met is meaningful where there is a budget.
	Met bool `json:"met,omitempty"`
}

type report struct{ rows []row }

func (r *report) add(name string, value float64, unit string) {
	r.rows = append(r.rows, row{Name: name, Value: value, Unit: unit})
}

func (r *report) budget(name string, value float64, unit string, most float64) {
	r.rows = append(r.rows, row{Name: name, Value: value, Unit: unit, Budget: most, Met: value <= most})
}

func (r *report) aim(name string, value float64, unit string, most float64) {
	r.rows = append(r.rows, row{Name: name, Value: value, Unit: unit, Budget: most, Met: value <= most, Aim: true})
}

func (r *report) aimFloor(name string, value float64, unit string, least float64) {
	r.rows = append(r.rows, row{Name: name, Value: value, Unit: unit, Budget: least, Floor: true, Met: value >= least, Aim: true})
}

func (r *report) print(w io.Writer) error {
	fmt.Fprintf(w, "%s/%s, %d CPUs, %s\n\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "what\tfigure\tbudget\t")
	for _, x := range r.rows {
		fmt.Fprintf(t, "%s\t%s %s\t%s\t\n", x.Name, number(x.Value), x.Unit, x.verdict())
	}
	return t.Flush()
}

func (x row) verdict() string {
	if x.Budget == 0 {
		return ""
	}
	bound, word := "≤", "met"
	if x.Floor {
		bound = "≥"
	}
	if !x.Met {
		word = "MISSED"
	}
	if x.Aim {
		word += " (aim)"
	}
	return fmt.Sprintf("%s %s: %s", bound, number(x.Budget), word)
}

func number(f float64) string {
	if f == math.Trunc(f) {
		return fmt.Sprintf("%.0f", f)
	}
	return fmt.Sprintf("%.2f", f)
}

func (r *report) printJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(struct {
		SchemaVersion int    `json:"schema_version"`
		Platform      string `json:"platform"`
		CPUs          int    `json:"cpus"`
		Go            string `json:"go"`
		Rows          []row  `json:"rows"`
	}{1, runtime.GOOS + "/" + runtime.GOARCH, runtime.NumCPU(), runtime.Version(), r.rows})
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	n := len(s)
	if n == 0 {
		return math.NaN()
	}
	if n%2 == 1 {
		return s[n/2]
	}
	return (s[n/2-1] + s[n/2]) / 2
}

// of gives the median of a figure over samples.
func of(samples []sample, f func(sample) float64) float64 {
	v := make([]float64, len(samples))
	for i, s := range samples {
		v[i] = f(s)
	}
	return median(v)
}

// ratio gives the median of the pairs' ratios.
func ratio(a, b []sample, f func(sample) float64) float64 {
	v := make([]float64, len(a))
	for i := range a {
		v[i] = f(a[i]) / f(b[i])
	}
	return median(v)
}

func wallMS(s sample) float64  { return float64(s.Wall) / float64(time.Millisecond) }
func cpuMS(s sample) float64   { return float64(s.CPU) / float64(time.Millisecond) }
func peakMiB(s sample) float64 { return float64(s.Peak) / (1 << 20) }
func anonMiB(s sample) float64 { return float64(s.Anonymous) / (1 << 20) }
