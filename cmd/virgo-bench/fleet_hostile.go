package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"virgo/cmd/virgo-bench/internal/fleet"
)

// hostilePeakMiB is the memory that an endpoint may take while hostile hosts attack it: frames of theirs that are
// read and lists that are expanded may take 64 MiB each (Limits.LargeFrames and PendingBytes of the server),
// beside what an endpoint takes with late hosts alone.
const hostilePeakMiB = 256

// Who is there beside live sessions.
const (
	hostileLive     = 5000 // hosts with live sessions
	lateHosts       = 24
	enrolledHostile = 8 // hostile hosts with registered keys
	strangers       = 8 // hostile hosts without
)

// The backlogs of late hosts: a run an hour, the last one days ago, the first one up to 40 days.
const (
	lateEvery = time.Hour
	lateUntil = 3 * 24 * time.Hour
	lateLeast = 4 * 24 * time.Hour
	lateMost  = 40 * 24 * time.Hour
)

// latePast is the backlog of the k-th late host.
func latePast(k int) fleet.Past {
	first := lateLeast + time.Duration(k)*(lateMost-lateLeast)/(lateHosts-1)
	return fleet.Past{Runs: int((first - lateUntil) / lateEvery), Every: lateEvery, Until: lateUntil}
}

// hostile measures live sessions beside hosts that come late with old backlogs, and beside hostile ones. Then it
// compares what is stored with what was acknowledged.
func (f *fleetBench) hostile(r *report) error {
	if runtime.GOOS != "linux" {
		r.notMeasured("hostile hosts", errors.New("hosts need addresses of their own, which only Linux has on loopback"))
		return nil
	}
	s, err := f.newSite("hostile", hostileLive)
	if err != nil {
		return err
	}
	late := s.hosts.Beside("late-", lateHosts)
	attackers := &fleet.Attackers{Victims: s.hosts, Enrolled: late.Beside("enrolled-", enrolledHostile), Strangers: late.Beside("stranger-", strangers)}
	if err := errors.Join(s.register(late), s.register(attackers.Enrolled)); err != nil {
		return err
	}
	var alone, t, came fleet.Tally
	var copies int
	var attacks []fleet.AttackTally
	var before, after sample
	var attacked time.Duration
	err = s.serving(func() error {
		for _, hosts := range []*fleet.Fleet{late, attackers.Enrolled, attackers.Strangers} {
			hosts.ConnectLike(s.hosts)
		}
		if err := s.warm(); err != nil {
			return err
		}
		alone = s.hosts.Offered(f.ctx, liveRate, min(undisturbedTime, f.c.Backlog))
		before = s.usage()
		began := time.Now()
		ctx, cancel := context.WithCancel(f.ctx)
		defer cancel()
		ended := make(chan []fleet.AttackTally, 1)
		go func() { ended <- attackers.Run(ctx) }()
		arrived := make(chan struct{})
		go func() {
			came, copies = late.Late(f.ctx, 0, lateHosts, f.c.Backlog*3/4, latePast)
			close(arrived)
		}()
		t = s.hosts.Offered(f.ctx, liveRate, f.c.Backlog)
		<-arrived
		cancel()
		attacks = <-ended
		after, attacked = s.usage(), time.Since(began)
		return f.ctx.Err()
	})
	if err != nil {
		return err
	}
	stored, err := s.compare(s.hosts, late)
	if err != nil {
		return err
	}
	r.section(fmt.Sprintf("%d live sessions a second, beside %d hosts that come late and hostile ones", liveRate, lateHosts))
	r.add("live sessions without the others: p99", ms(alone.Quantile(0.99)), "ms")
	r.addServed("live sessions: served", t)
	r.atMost("live sessions: p99", ms(t.Quantile(0.99)), "ms", besideP99MS)
	r.add("live sessions: median", ms(t.Quantile(0.5)), "ms")
	r.addServed("hosts that come late: served", came)
	r.add("results of 3 to 40 days ago", float64(came.Results), "")
	r.add("copies of them, sent twice", float64(copies), "")
	r.addAttacks(attacks, attacked)
	stored.report(r)
	if after.Peak > 0 {
		r.add("virgo-endpoint: CPU", (after.CPU-before.CPU).Seconds()/attacked.Seconds(), "of a processor")
		r.atMost("peak resident", peakMiB(after), "MiB", hostilePeakMiB)
	}
	return nil
}

// addAttacks adds what became of the connections of hostile hosts.
func (r *report) addAttacks(attacks []fleet.AttackTally, d time.Duration) {
	connections, succeeded, met := 0, 0, 0
	var each []string
	for _, a := range attacks {
		connections += a.Expected + a.Early + a.Allowed
		succeeded += a.Allowed
		if a.Expected > 0 {
			met++
		}
		each = append(each, fmt.Sprintf("%s (%d, %d, %d)", a.Name, a.Expected, a.Early, a.Allowed))
	}
	r.add("hostile connections", float64(connections)/d.Seconds(), "a second")
	r.atLeast("kinds of attacks that the endpoint met", float64(met), "", float64(len(attacks)))
	r.atMost("hostile connections that got what they must not", float64(succeeded), "", 0)
	r.Meanings = append(r.Meanings, "Hostile connections: how many ended as the protocol says, were closed or told to come back before, "+
		"and got what they must not: "+strings.Join(each, ", ")+".")
}
