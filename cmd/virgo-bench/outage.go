package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// The budgets of a run during a long outage.
const (
	outageTimeRatio = 1.05
	outageMoreMiB   = 0.6
	drainMoreMiB    = 4
	drainedFileMiB  = 1
)

// outage stops the endpoint and compares runs with hardly any and with many results in the spool, in
// turns. Then it starts the endpoint again and delivers everything.
func (b *bench) outage(r *report) error {
	b.stopServer()
	var hosts [2]*subject
	for i, name := range []string{"waiting", "empty"} {
		host, err := b.enrol(name, b.address)
		if err != nil {
			return err
		}
		if err := host.localSchedule(); err != nil {
			return err
		}
		hosts[i] = host
	}
	full, empty := hosts[0], hosts[1]
	n := b.cli.Waiting
	raw, err := full.fill(n)
	if err != nil {
		return err
	}
	waiting, err := os.Stat(filepath.Join(full.state(), "virgo.db"))
	if err != nil {
		return err
	}
	r.section("A long outage: the endpoint is away, results wait in the spool")
	r.add(fmt.Sprintf("a waiting result of %d bytes: in the file", raw/int64(n)), float64(waiting.Size())/float64(n), "bytes")
	all, err := b.turns(full.lonely(), empty.lonely())
	if err != nil {
		return err
	}
	many, none := all[0], all[1]
	r.add("none waiting: wall", none.median(wallMS), "ms")
	r.add(fmt.Sprintf("%d waiting: wall", n), many.median(wallMS), "ms")
	r.atMost("many waiting: wall, times with none", many.ratio(none, wallMS), "", outageTimeRatio)
	r.add("many waiting: CPU, times with none", many.ratio(none, cpuMS), "")
	if many.median(peakMiB) > 0 {
		r.add("none waiting: peak resident", none.median(peakMiB), "MiB")
		r.atMost("many waiting: more peak resident", many.more(none, peakMiB), "MiB", outageMoreMiB)
	}
	if err := b.serve(b.address); err != nil {
		return err
	}
	return b.drain(r, full, empty)
}

// lonely returns runs that find no endpoint and deliver nothing.
func (s *subject) lonely() contender {
	return contender{func() (sample, error) { return s.run() }, s, 0}
}

// drain delivers all results in the spool. It is measured only once, because it takes minutes.
func (b *bench) drain(r *report, full, empty *subject) error {
	n := b.cli.Waiting
	idle, err := empty.command("flush")
	if err != nil {
		return err
	}
	before, err := b.stored(full.name)
	if err != nil {
		return err
	}
	drain, err := full.command("flush", "--deadline", "2h")
	if err != nil {
		return err
	}
	after, err := b.stored(full.name)
	if err != nil {
		return err
	}
	// The measured runs added results of their own.
	if got, want := after-before, n+(1+warmUp+b.cli.Runs)*checks; got != want {
		return fmt.Errorf("%d of %d results were stored", got, want)
	}
	info, err := os.Stat(filepath.Join(full.state(), "virgo.db"))
	if err != nil {
		return err
	}
	r.add(fmt.Sprintf("virgo flush of %d, once: speed", n), float64(after-before)/drain.Wall.Seconds(), "results/s")
	if drain.Peak > 0 {
		r.atMost("virgo flush: more peak resident than with none waiting", peakMiB(drain)-peakMiB(idle), "MiB", drainMoreMiB)
	}
	r.atMost("the spool's file afterwards", float64(info.Size())/(1<<20), "MiB", drainedFileMiB)
	return nil
}
