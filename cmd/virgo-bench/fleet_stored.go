package main

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"virgo/cmd/virgo-bench/internal/fleet"
)

// The budgets of reading from a large store.
const (
	lastDayMS = 50
	agentsMS  = 20
)

// How a large store is filled: results of a day and more, in sessions that bring a part of them.
const (
	storedHosts    = 1000
	storedEvery    = 2 * time.Minute
	runsASession   = 120
	fillingAtOnce  = 32
	readsOfStored  = 10
	readDifference = 97 // between the hosts that are read
)

// stored measures commands that read from a store with millions of results.
func (f *fleetBench) stored(r *report) error {
	s, err := f.newSite("large", storedHosts)
	if err != nil {
		return err
	}
	return s.serving(func() error {
		runs := max(1, f.c.Stored/storedHosts/s.hosts.Results())
		began, total := time.Now(), 0
		for left := runs; left > 0; {
			n := min(left, runsASession)
			left -= n
			t := s.hosts.Backlogs(f.ctx, fillingAtOnce, 0, storedHosts,
				fleet.Past{Runs: n, Every: storedEvery, Until: time.Duration(left) * storedEvery})
			if err := s.complete(t); err != nil {
				return err
			}
			total += t.Results
			fmt.Fprintf(f.progress, "  %d results stored, %.0f a second\n", total, float64(total)/time.Since(began).Seconds())
		}
		r.section(fmt.Sprintf("%d results of %d hosts stored, virgo-endpoint serves", total, storedHosts))
		start, _, err := f.timed("version")
		if err != nil {
			return err
		}
		r.add("virgo-endpoint version: wall", ms(start), "ms")
		var day []float64
		var printed int
		for i := range readsOfStored {
			id := s.hosts.ID(i * readDifference % storedHosts)
			took, out, err := f.timed("results", "--dir", s.dir, "--agent", id, "--since", "24h", "--limit", "0", "--json")
			if err != nil {
				return err
			}
			day, printed = append(day, ms(took)), bytes.Count(out, []byte(`"seq":`))
		}
		r.atMost("results --agent ID --since 24h --limit 0 --json ("+strconv.Itoa(printed)+"): wall", median(day), "ms", lastDayMS)
		var list []float64
		for range readsOfStored {
			took, _, err := f.timed("agents", "--dir", s.dir, "--json")
			if err != nil {
				return err
			}
			list = append(list, ms(took))
		}
		r.atMost(fmt.Sprintf("agents --json (%d): wall", storedHosts), median(list), "ms", agentsMS)
		return nil
	})
}

// timed runs a command of virgo-endpoint and returns the time that it took, and its output.
func (f *fleetBench) timed(args ...string) (time.Duration, []byte, error) {
	began := time.Now()
	out, err := f.output(append([]string{f.endpoint}, args...)...)
	return time.Since(began), out, err
}
