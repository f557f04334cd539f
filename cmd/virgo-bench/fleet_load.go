package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"virgo/cmd/virgo-bench/internal/fleet"
)

// The budgets of an endpoint under load.
const (
	sessionRate    = 1800 // sessions a second
	evenP99MS      = 1000
	sessionCPUMS   = 0.50
	burstPeakMiB   = 200
	besideP99MS    = 100
	knownPeakMiB   = 512
	servedPercent  = 100
	closedSessions = 64 // open at a time in the closed loop
)

// The load beside which live sessions are measured.
const (
	backlogAgents = 200
	liveRate      = 50 // sessions a second
	backlogRuns   = 60 // an hour's
)

// warmUpTime is how long an endpoint serves before it is measured: its heap and its caches grow.
const warmUpTime = 2 * time.Second

// cpuMS is the CPU of a session in ms, from what the endpoint used before and after all of them.
func cpuMSOf(before, after sample, sessions int) float64 {
	return float64(after.CPU-before.CPU) / float64(time.Millisecond) / float64(sessions)
}

// ms returns a time in ms.
func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// warm makes sessions that are not measured.
func (s *site) warm() error { return s.complete(s.hosts.Closed(s.f.ctx, closedSessions, warmUpTime)) }

// loopHosts is the number of hosts that take turns in the closed loop.
const loopHosts = 20_000

// sessions measures how many sessions the endpoint serves when the next one comes as soon as one has ended,
// in turns with a server that only does the handshakes.
func (f *fleetBench) sessions(r *report) error {
	s, err := f.newSite("loop", min(loopHosts, f.c.Hosts))
	if err != nil {
		return err
	}
	var rates, cpus, ratios []float64
	for range f.c.Runs {
		rate, cpu, err := s.closedLoop(s.start, s.hosts.Closed)
		if err != nil {
			return err
		}
		_, bare, err := s.closedLoop(s.startSink, s.hosts.ClosedHandshakes)
		if err != nil {
			return err
		}
		rates, cpus, ratios = append(rates, rate), append(cpus, cpu), append(ratios, cpu/bare)
	}
	r.section(fmt.Sprintf("Sessions of %d results, %d at a time", s.hosts.Results(), closedSessions))
	r.atLeast("served", median(rates), "a second", sessionRate)
	r.addCPU(median(cpus))
	if median(cpus) > 0 {
		r.add("the same, times a server that only does TLS", median(ratios), "")
	}
	return nil
}

// closedLoop makes sessions with a server as fast as it serves them, and returns their rate a second and the
// server's CPU for each in ms.
func (s *site) closedLoop(
	start func(time.Duration, ...string) error, sessions func(context.Context, int, time.Duration) fleet.Tally,
) (rate, cpu float64, err error) {
	if err := start(0); err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	if err := s.complete(sessions(s.f.ctx, closedSessions, warmUpTime)); err != nil {
		return 0, 0, err
	}
	before := s.usage()
	t := sessions(s.f.ctx, closedSessions, s.f.c.Loop)
	after := s.usage()
	return float64(t.Sessions) / t.Elapsed.Seconds(), cpuMSOf(before, after, t.Sessions), s.complete(t)
}

// addCPU adds the CPU of a session, where the system tells it.
func (r *report) addCPU(ms float64) {
	if ms == 0 {
		_, err := usageOf(0)
		r.notMeasured("CPU of a session", err)
		return
	}
	r.atMost("virgo-endpoint: CPU a session", ms, "ms", sessionCPUMS)
}

// addServed adds which part of the sessions was served, and why the first of the others was not.
func (r *report) addServed(name string, t fleet.Tally) {
	r.atLeast(name, 100*float64(t.Sessions)/float64(t.Sessions+t.Failed), "%", servedPercent)
	if t.First != nil {
		r.Meanings = append(r.Meanings, fmt.Sprintf("%s, %s: %d sessions failed, the first with: %v.", r.heading, name, t.Failed, t.First))
	}
}

// even offers the sessions of all hosts evenly, as their timers do.
func (f *fleetBench) even(r *report) error {
	s, err := f.newSite("even", f.c.Hosts)
	if err != nil {
		return err
	}
	var t fleet.Tally
	var before, after sample
	err = s.serving(func() error {
		if err := s.warm(); err != nil {
			return err
		}
		before = s.usage()
		t = s.hosts.Offered(f.ctx, float64(f.c.Offered), f.c.For)
		after = s.usage()
		return f.ctx.Err()
	})
	if err != nil {
		return err
	}
	r.section(fmt.Sprintf("%d sessions a second, offered evenly for %v by %d hosts", f.c.Offered, f.c.For, f.c.Hosts))
	r.addServed("served", t)
	r.atMost("p99", ms(t.Quantile(0.99)), "ms", evenP99MS)
	r.add("median", ms(t.Quantile(0.5)), "ms")
	r.addCPU(cpuMSOf(before, after, max(t.Sessions, 1)))
	if after.Peak > 0 {
		r.atMost(fmt.Sprintf("peak resident, %d hosts known", f.c.Hosts), peakMiB(after), "MiB", knownPeakMiB)
	}
	return nil
}

// burst connects thousands of hosts at once.
func (f *fleetBench) burst(r *report) error {
	n := f.c.Connections
	s, err := f.newSite("burst", n)
	if err != nil {
		return err
	}
	var t fleet.Tally
	var peak sample
	err = s.serving(func() error {
		t = s.hosts.Burst(f.ctx, n)
		peak = s.usage()
		return f.ctx.Err()
	})
	if err != nil {
		return err
	}
	r.section(fmt.Sprintf("%d connections at once", n))
	r.addServed("served, at once or after the pause asked for", t)
	r.add("served after a pause", 100*float64(t.Late)/float64(n), "%")
	if peak.Peak > 0 {
		r.atMost("peak resident", peakMiB(peak), "MiB", burstPeakMiB)
	}
	return nil
}

// backlog delivers backlogs beside live sessions, and measures these.
func (f *fleetBench) backlog(r *report) error {
	const live = 5000 // the hosts with live sessions; the others have backlogs
	s, err := f.newSite("beside", live+min(f.c.Hosts, 20_000))
	if err != nil {
		return err
	}
	var t, behind fleet.Tally
	err = s.serving(func() error {
		if err := s.warm(); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(f.ctx, f.c.Backlog)
		defer cancel()
		done := make(chan fleet.Tally, 1)
		go func() {
			done <- s.hosts.Backlogs(ctx, backlogAgents, live, 0, fleet.Past{Runs: backlogRuns, Every: time.Minute})
		}()
		t = s.hosts.Offered(f.ctx, liveRate, f.c.Backlog)
		behind = <-done
		return f.ctx.Err()
	})
	if err != nil {
		return err
	}
	r.section(fmt.Sprintf("%d hosts at a time deliver an hour's backlog, beside %d live sessions a second", backlogAgents, liveRate))
	r.addServed("live sessions: served", t)
	r.atMost("live sessions: p99", ms(t.Quantile(0.99)), "ms", besideP99MS)
	r.add("live sessions: median", ms(t.Quantile(0.5)), "ms")
	r.addServed("sessions with backlogs: served", behind)
	r.add("results of backlogs", float64(behind.Results)/behind.Elapsed.Seconds(), "a second")
	return nil
}
