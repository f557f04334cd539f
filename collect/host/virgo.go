package host

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"virgo/collect"
)

// Self is what the agent knows about itself. A nil figure is not known (yet) and is left out.
type Self struct {
	SpoolResults  *uint64        // results that wait for delivery
	SpoolBytes    *uint64        // bytes that they take
	SpoolOldest   *time.Duration // age of the oldest
	SpoolRejected *uint64        // results that the endpoint refused and that are kept
	// Dropped are the results that were lost and that no endpoint knows of yet, by cause, in the order to send.
	Dropped []Dropped
	// Asked counts what endpoints asked during sessions; nil: nothing ever.
	Asked                []Asked
	LastDelivery         *time.Duration // time since the last delivery that succeeded
	LastDeliveryDuration *time.Duration // how long it took
	LastRunDuration      *time.Duration // how long the last whole run took
	PeakMemory           *uint64        // bytes that a run had resident at most
	ClockOffset          *time.Duration // the endpoint's clock minus this host's
}

// Dropped counts results lost for one cause.
type Dropped struct {
	Cause   string // a word: space, age, refused, damaged, user
	Results uint64
}

// Asked counts one kind of question of an endpoint's.
type Asked struct {
	What  string // check_test, check_targets, host_info, refused
	Times uint64
}

type virgo struct {
	self func(ctx context.Context) (Self, error)
}

func virgoType(self func(context.Context) (Self, error)) collect.Type {
	return collect.Type{
		Name:    "agent.virgo",
		Summary: "the agent itself: its spool, its deliveries, its memory",
		Telling: []string{"spool_results", "spool_oldest_age", "last_delivery_age"},
		Checker: virgo{self: self},
	}
}

// Check reports what is known: spool_results, spool_bytes, spool_oldest_age (seconds), spool_rejected,
// dropped_CAUSE, remote_WHAT (requests), last_delivery_age, last_delivery_duration, last_run_duration (seconds), peak_memory
// (bytes), clock_offset (milliseconds).
func (v virgo) Check(ctx context.Context, _ collect.Request) (collect.Report, error) {
	if err := ctx.Err(); err != nil {
		return collect.Report{}, err
	}
	if v.self == nil {
		return collect.Report{}, errors.New("the agent's own figures are not at hand")
	}
	s, err := v.self(ctx)
	if err != nil {
		return collect.Report{}, fmt.Errorf("read the agent's own figures: %w", err)
	}
	f := collect.Figures{Metrics: make([]collect.Metric, 0, 12)}
	count := func(name string, n *uint64, unit string) {
		if n != nil {
			f.Uint64(name, *n, unit)
		}
	}
	seconds := func(name string, d *time.Duration) {
		if d != nil {
			f.Double(name, d.Seconds(), "seconds")
		}
	}
	count("spool_results", s.SpoolResults, "results")
	count("spool_bytes", s.SpoolBytes, "bytes")
	seconds("spool_oldest_age", s.SpoolOldest)
	count("spool_rejected", s.SpoolRejected, "results")
	for _, d := range s.Dropped {
		f.Uint64("dropped_"+d.Cause, d.Results, "results")
	}
	for _, a := range s.Asked {
		f.Uint64("remote_"+a.What, a.Times, "requests")
	}
	seconds("last_delivery_age", s.LastDelivery)
	seconds("last_delivery_duration", s.LastDeliveryDuration)
	seconds("last_run_duration", s.LastRunDuration)
	count("peak_memory", s.PeakMemory, "bytes")
	if s.ClockOffset != nil {
		f.Add("clock_offset", collect.Int64, strconv.FormatInt(s.ClockOffset.Milliseconds(), 10), "milliseconds")
	}
	return collect.Report{Metrics: f.Metrics}, nil
}
