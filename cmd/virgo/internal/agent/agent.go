package agent

import (
	"context"
	"net"
	"time"

	"virgo/collect"
	"virgo/collect/host"
	"virgo/schedule"
	"virgo/spool"
	"virgo/transport"
)

// An Agent is one host's virgo, ready to run.
type Agent struct {
	// ID names the agent to the endpoint and in every record; Name is for people.
	ID, Name string
	// Version of the program, as hello tells it.
	Version string
	// Token gives the secret that hello carries; it is asked only when a session opens.
	Token func() (string, error)
	// Endpoints as configured, tried in order; none means that results are only kept.
	Endpoints []string
	TLS       transport.TLSConfig
	// Proxy gives the URL of the proxy for an address, as transport.Dialer wants it; nil: none for any.
	Proxy func(address string) (string, error)
	// DialContext opens the TCP connections; nil means the system's network.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// ScheduleMaxAge is the age past which the cached schedule is asked for again.
	ScheduleMaxAge time.Duration
	// ChecksDir holds the local checks, *.yaml; it need not exist.
	ChecksDir string
	// Remote is what the endpoint may ask; the zero value: nothing but system.info.
	Remote Remote
	// Concurrency is how many checks run at the same time, at least 1.
	Concurrency int

	Spool    *spool.Spool
	Registry *collect.Registry
	Now      func() time.Time
	// Random gives a number from 0 up to, and without, its argument; nil: the runtime's.
	Random func(int64) int64
	// Notice gets the lines a person must see even under cron; Verbose those for --verbose.
	Notice  func(format string, args ...any)
	Verbose func(format string, args ...any)
	// Checked and Connected, where set, are called between the checks and the delivery, and when a
	// connection stands.
	Checked, Connected func()
	// Large, where set, is called before a run takes much memory: for many checks, or, on another goroutine, for
	// a large frame of the endpoint's.
	Large func()
	// Slow, where set, is called before anything that may take its time or that starts another program.
	Slow func()
	// snapshot is what agent.virgo reports while a run's own transaction is open; nil otherwise.
	snapshot *host.Self
	// Progress, where set, is told how a long delivery goes on.
	Progress func(delivered int)
}

// A Report is what a run did.
type Report struct {
	Started  time.Time
	Took     time.Duration
	Outcomes []collect.Outcome
	Problems []schedule.Problem
	// Due is how many checks were claimed; Kept how many results are in the spool, or were when they were
	// delivered; Lost how many are neither kept nor delivered.
	// Dropped is how many older results the spool's bounds took to make room.
	Due, Kept, Lost, Dropped int
	// Dropping says that the run before dropped results as well.
	Dropping bool
	// KeepErr says why results could not be kept; nil where they were.
	KeepErr  error
	Delivery Delivery
}

// A Delivery is what one run's or flush's delivery did.
type Delivery struct {
	// Tried is false where nothing was configured, asked for or allowed.
	Tried bool
	// Busy means that another process was delivering, so this one left it to that one.
	Busy      bool
	Endpoint  string
	Delivered int
	Refused   int
	// Passed are results that the flush's selection left where they are, being too old for it.
	Passed int
	Took   time.Duration
	Err    error
}

// Options of a run.
type Options struct {
	// Deliver is false for a run that only collects.
	Deliver bool
	// KeepOutcomes fills Report.Outcomes; a run that nobody watches saves the memory.
	KeepOutcomes bool
}

// Run is one whole run. ctx carries its deadline. The error is nil where the results are safe, kept
// or delivered; what the delivery met is in the report.
func (a *Agent) Run(ctx context.Context, opt Options) (Report, error) {
	rep := Report{Started: a.Now()}
	link := &link{agent: a}
	defer link.drop()

	round := &round{agent: a, rep: &rep, keepOutcomes: opt.KeepOutcomes, delivers: opt.Deliver && len(a.Endpoints) > 0}
	err := a.begin(ctx, link, round, opt.Deliver)
	rep.Problems = round.problems
	if err != nil {
		return rep, err
	}
	rep.Due = len(round.claimed)
	queue := round.keep(ctx)

	if opt.Deliver && len(a.Endpoints) > 0 {
		if a.Checked != nil {
			a.Checked()
		}
		round.makeRoom() // of what many checks left behind
		rep.Delivery = a.deliver(ctx, link, queue)
	}
	if rep.KeepErr != nil {
		rep.Lost = len(round.entries) - queue.settledFresh
	}
	rep.Took = a.Now().Sub(rep.Started)
	return rep, nil
}
