package main

import (
	"path/filepath"
	"slices"

	"virgo/spool"
)

// capturedRuns is how many runs are captured: enough to see which values change, and how.
const capturedRuns = 4

// clockTag is the build tag of an endpoint whose clock virgo-bench can set, by the variable clockEnv.
const (
	clockTag = "benchclock"
	clockEnv = "VIRGO_BENCH_CLOCK"
)

// installFleetPrograms builds and installs virgo-run and an endpoint whose clock can be set, unless the
// command line names a folder of built ones.
func (f *fleetBench) installFleetPrograms() error {
	built := f.c.Programs
	if f.shifted = built == ""; f.shifted {
		built = f.path("built")
		if err := f.build("virgo/cmd/virgo-run", filepath.Join(built, "virgo-run")); err != nil {
			return err
		}
		if err := f.build("virgo/cmd/virgo-endpoint", filepath.Join(built, "virgo-endpoint"), "-tags", clockTag); err != nil {
			return err
		}
	}
	f.small = timerEntry{f.path("bin", "virgo-run"), nil}
	f.endpoint = f.path("bin", "virgo-endpoint")
	return installAll(built, f.path("bin"), "virgo-run", "virgo-endpoint")
}

// capture makes runs of a host that reaches no endpoint, and returns the results of each from its spool.
func (f *fleetBench) capture() (runs [][][]byte, err error) {
	host, err := f.enrol("captured", "127.0.0.1:9") // where nobody listens
	if err != nil {
		return nil, err
	}
	if err := host.localSchedule(); err != nil {
		return nil, err
	}
	for range capturedRuns {
		if _, err := host.run(); err != nil {
			return nil, err
		}
		f.nextSecond()
	}
	sp, err := spool.Open(host.state(), spool.Options{})
	if err != nil {
		return nil, err
	}
	var results [][]byte
	err = sp.List(f.ctx, func(r spool.Record) error {
		results = append(results, slices.Clone(r.Data))
		return nil
	})
	// The first run lacks the checks that need two samples.
	return slices.Collect(slices.Chunk(results[max(0, len(results)-(capturedRuns-1)*checks):], checks)), err
}
