package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"time"

	"virgo/cmd/virgo-bench/internal/fleet"
	"virgo/spool/lz4"
)

type fleetCmd struct {
	Row         []string      `enum:"sessions,even,burst,backlog,hostile,disk,stored,delete,page" placeholder:"ROW" help:"Measure only this; may be repeated: ${enum}."`
	Hosts       int           `default:"100000" help:"Known hosts, each with its own id and key."`
	Offered     int           `default:"1700" help:"Sessions a second that are offered evenly."`
	For         time.Duration `default:"5m" help:"How long they are offered."`
	Loop        time.Duration `default:"20s" help:"How long each of the closed loops takes."`
	Runs        int           `default:"3" help:"Closed loops; their median counts."`
	Connections int           `default:"5000" help:"Connections at once."`
	Backlog     time.Duration `default:"30s" help:"How long backlogs are delivered beside live sessions, and how long hostile hosts attack."`
	Stored      int           `default:"5000000" help:"Stored results that commands read from."`
	JSON        bool          `name:"json" help:"Print one JSON document instead of the table."`
	Programs    string        `placeholder:"DIR" type:"existingdir" help:"A folder with virgo-run and virgo-endpoint, to measure these instead of building them. Rows that need another clock are left out."`
}

func (fleetCmd) Help() string {
	return "Starts virgo-endpoint on loopback and delivers to it as a fleet does, from addresses in 127.0.0.0/8. " +
		"The simulator runs on the same processors; only the endpoint's own CPU and memory are measured. " +
		"All rows take about a quarter of an hour, disk and delete need the source tree."
}

// The bounds of the flags: what takes longer or more memory is no benchmark any more.
const (
	maxHosts  = 900_000
	maxStored = 100_000_000
	maxFor    = 24 * time.Hour
)

// Validate is called by kong.
func (c *fleetCmd) Validate() error {
	for _, f := range []struct {
		name     string
		value    int
		from, to int
	}{
		{"hosts", c.Hosts, 1000, maxHosts},
		{"offered", c.Offered, 1, 100_000},
		{"runs", c.Runs, 1, 1000},
		{"connections", c.Connections, 1, 1 << 16},
		{"stored", c.Stored, storedHosts, maxStored},
	} {
		if f.value < f.from || f.value > f.to {
			return fmt.Errorf("--%s is %d, and has to be from %d to %d", f.name, f.value, f.from, f.to)
		}
	}
	for _, d := range []time.Duration{c.For, c.Loop, c.Backlog} {
		if d < time.Second || d > maxFor {
			return errors.New("--for, --loop and --backlog have to be from 1s to 24h")
		}
	}
	return nil
}

// A fleetBench measures an endpoint with a simulated fleet.
type fleetBench struct {
	*bench
	c        *fleetCmd
	progress io.Writer
	template *fleet.Template
	// shifted is whether the endpoint's clock can be set.
	shifted bool
	sites   []*site // of the row that is measured
}

// simulatorGC is the simulator's GOGC: it shares the processors with what it measures, and has memory.
const simulatorGC = 400

// Run measures and prints the table.
func (c *fleetCmd) Run(s *streams) error {
	debug.SetGCPercent(simulatorGC)
	fmt.Fprintln(s.progress, "building, and capturing results of real runs …")
	b, err := newFolder(s.ctx, &runsCmd{Runs: c.Runs, Programs: c.Programs})
	if err != nil {
		return err
	}
	defer b.close()
	f := &fleetBench{bench: b, c: c, progress: s.progress}
	if err := f.prepare(); err != nil {
		return err
	}
	r := newFleetReport(c)
	var failed []error
	for _, row := range []struct {
		name string
		do   func(*report) error
	}{
		{"sessions", f.sessions},
		{"even", f.even},
		{"burst", f.burst},
		{"backlog", f.backlog},
		{"hostile", f.hostile},
		{"disk", f.disk},
		{"stored", f.stored},
		{"delete", f.delete},
		{"page", f.page},
	} {
		if len(c.Row) > 0 && !slices.Contains(c.Row, row.name) {
			continue
		}
		fmt.Fprintf(s.progress, "measuring %s …\n", row.name)
		err := row.do(r)
		f.removeSites()
		if s.ctx.Err() != nil {
			failed = append(failed, context.Cause(s.ctx))
			break
		}
		if err != nil { // the other rows still say something
			r.notMeasured(row.name, err)
			failed = append(failed, fmt.Errorf("measuring %s: %w", row.name, err))
		}
	}
	return errors.Join(append(failed, r.write(s.out, c.JSON))...)
}

// newFleetReport is a report without rows.
func newFleetReport(c *fleetCmd) *report {
	r := newReport(c.Runs)
	r.Conditions = []string{
		"the fleet is simulated on the same processors, each session with a TLS 1.3 handshake (X25519MLKEM768, P-256),",
		"a proof of its key, and the seven results of a host; figures are those of virgo-endpoint, not of the simulator",
	}
	r.Meanings = []string{
		"CPU: user and system time of virgo-endpoint, read in steps of 10 ms.",
		"p99: the time within which 99 of 100 sessions were over, from when they were due to the last answer.",
		"Peak resident: the most of its memory that was in RAM at a time, as ps and top show it.",
	}
	return r
}

// prepare builds the programs and captures results.
func (f *fleetBench) prepare() error {
	if err := f.installFleetPrograms(); err != nil {
		return err
	}
	runs, err := f.capture()
	if err != nil {
		return fmt.Errorf("capturing results: %w", err)
	}
	f.template, err = fleet.NewTemplate(runs)
	return err
}

// newFleet makes the first n hosts.
func (f *fleetBench) newFleet(prefix string, n int) *fleet.Fleet {
	hosts := fleet.New(prefix, n, f.template)
	hosts.Compress = lz4.Append
	return hosts
}
