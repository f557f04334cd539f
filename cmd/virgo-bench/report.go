package main

import (
	"encoding/json"
	"io"
	"runtime"

	"virgo/cmd/internal/footprint"
)

// schemaVersion of the JSON document; it grows when a field is removed or changes its meaning.
const schemaVersion = 1

// A report is the table.
type report struct {
	SchemaVersion int    `json:"schema_version"`
	Platform      string `json:"platform"`
	CPUs          int    `json:"cpus"`
	Go            string `json:"go"`
	Runs          int    `json:"runs"`
	// Conditions describe how the programs were installed and started, one sentence each.
	Conditions []string `json:"conditions"`
	Rows       []row    `json:"rows"`
	// NotMeasured has one line for each thing that this machine does not let be measured: what, and why.
	NotMeasured []string `json:"not_measured"`
	// Meanings explain figures, one sentence each.
	Meanings []string `json:"meanings"`

	heading string // of the rows that are added next
}

// A row is one figure: the median over the runs.
type row struct {
	// Section is the heading of the rows that belong together.
	Section string  `json:"section"`
	Name    string  `json:"name"`
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`
	Budget  *budget `json:"budget,omitempty"`
}

// A budget is the bound of a figure.
type budget struct {
	Bound float64 `json:"bound"`
	// AtLeast means that the figure must reach the bound; else it must not exceed it.
	AtLeast bool `json:"at_least"`
	// Aim means that the bound is a long-term goal, which is not expected to be met yet.
	Aim bool `json:"aim"`
	Met bool `json:"met"`
}

func newReport(runs int) *report {
	return &report{
		SchemaVersion: schemaVersion,
		Platform:      runtime.GOOS + "/" + runtime.GOARCH,
		CPUs:          runtime.NumCPU(),
		Go:            runtime.Version(),
		Runs:          runs,
		Conditions:    conditions(),
		NotMeasured:   []string{},
		Meanings:      meanings(),
	}
}

// conditions returns the conditions of every measurement; see the package comment.
func conditions() []string {
	return []string{
		"programs installed as by a package (copied into new files, synced), warm in the page cache",
		"virgo-run and virgo run with " + footprint.OneProcessor + ", as their timer entry starts them",
	}
}

// meanings returns what the figures mean.
func meanings() []string {
	return []string{
		"Limits are set for virgo-run, the program that timers start, and for virgo flush.",
		"Bare program: a plain Go program with the same gopsutil calls, one bbolt commit and one TLS send.",
		"CPU: user and system time of a process, and of those that it started and waited for.",
		"Times, more: medians of the comparisons within each turn, in which each program runs once.",
		"Peak resident: what ps and top show. It includes clean pages of the program file that every " +
			"process shares and the kernel can drop at any time.",
		"Anonymous: the part of it that no file backs, at the end of the run.",
		"Charged: what the kernel charges the run's own memory group, at most; it counts in steps of 64 " +
			"pages (0.25 MiB) a CPU. Pages of a file are charged to the group that reads them first: not to " +
			"the run's if they were cached before.",
	}
}

// section sets the heading of the rows that are added next.
func (r *report) section(heading string) { r.heading = heading }

// notMeasured adds a line on what cannot be measured here.
func (r *report) notMeasured(what string, why error) {
	r.NotMeasured = append(r.NotMeasured, what+": "+why.Error())
}

// add adds a figure without a budget.
func (r *report) add(name string, value float64, unit string) {
	r.Rows = append(r.Rows, row{Section: r.heading, Name: name, Value: value, Unit: unit})
}

// atMost adds a figure that must not exceed a bound.
func (r *report) atMost(name string, value float64, unit string, bound float64) *budget {
	r.add(name, value, unit)
	return r.bound(budget{Bound: bound, Met: value <= bound})
}

// atLeast adds a figure that must reach a bound.
func (r *report) atLeast(name string, value float64, unit string, bound float64) *budget {
	r.add(name, value, unit)
	return r.bound(budget{Bound: bound, AtLeast: true, Met: value >= bound})
}

func (r *report) bound(b budget) *budget {
	r.Rows[len(r.Rows)-1].Budget = &b
	return &b
}

// write prints the report as a table or as one JSON document.
func (r *report) write(w io.Writer, asJSON bool) error {
	if asJSON {
		return r.printJSON(w)
	}
	return r.print(w)
}

func (r *report) printJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(r)
}
