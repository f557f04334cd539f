package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// What a long outage may cost.
const (
	outageTimeRatio = 1.2
	outageMoreMiB   = 1
	drainMoreMiB    = 4
	drainedFileMiB  = 1
)

// outage compares runs with nothing waiting and with many results waiting, in turns, while the endpoint
// is away; then the endpoint comes back and all is delivered.
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
	r.add(fmt.Sprintf("a waiting result of %d bytes: in the file", raw/int64(n)), float64(waiting.Size())/float64(n), "bytes")
	both := func() (pair, error) {
		f, err := full.run("run")
		if err != nil {
			return pair{}, err
		}
		e, err := empty.run("run")
		return pair{f, e}, err
	}
	var pairs []pair
	for i := range b.cli.Runs + 2 {
		p, err := both()
		if err != nil {
			return err
		}
		if i >= 2 { // the first two warm up
			pairs = append(pairs, p)
		}
		b.nextSecond()
	}
	r.add("no endpoint, none waiting: wall", medianOf(bs(pairs), wallMS), "ms")
	r.add(fmt.Sprintf("no endpoint, %d waiting: wall", n), medianOf(as(pairs), wallMS), "ms")
	r.atMost("many waiting: wall, times with none", ratio(pairs, wallMS), "", outageTimeRatio)
	r.add("many waiting: CPU, times with none", ratio(pairs, cpuMS), "")
	if medianOf(as(pairs), peakMiB) > 0 {
		r.add("no endpoint, none waiting: peak resident", medianOf(bs(pairs), peakMiB), "MiB")
		r.atMost("many waiting: more peak resident", more(pairs, peakMiB), "MiB", outageMoreMiB)
	}
	if err := b.serve(b.address); err != nil {
		return err
	}
	return b.drain(r, full, empty)
}

// drain delivers what waits, once: it takes minutes.
func (b *bench) drain(r *report, full, empty *subject) error {
	n := b.cli.Waiting
	idle, err := empty.run("flush")
	if err != nil {
		return err
	}
	before, err := b.stored(full.name)
	if err != nil {
		return err
	}
	drain, err := full.run("flush", "--deadline", "2h")
	if err != nil {
		return err
	}
	after, err := b.stored(full.name)
	if err != nil {
		return err
	}
	// Beside them the runs left their own.
	if got, want := after-before, n+(b.cli.Runs+2)*checks; got != want {
		return fmt.Errorf("%d of %d results were stored", got, want)
	}
	info, err := os.Stat(filepath.Join(full.state(), "virgo.db"))
	if err != nil {
		return err
	}
	r.add(fmt.Sprintf("draining %d, once: speed", n), float64(after-before)/drain.Wall.Seconds(), "results/s")
	if drain.Peak > 0 {
		r.atMost("draining: more peak resident than an idle flush", peakMiB(drain)-peakMiB(idle), "MiB", drainMoreMiB)
	}
	r.atMost("draining: the spool's file afterwards", float64(info.Size())/(1<<20), "MiB", drainedFileMiB)
	return nil
}
