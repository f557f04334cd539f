package host

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"virgo/collect"
)

// Self contains the agent's figures about itself. A nil field is unknown and not reported.
type Self struct {
	SpoolResults  *uint64        // results that wait for delivery
	SpoolBytes    *uint64        // their bytes
	SpoolOldest   *time.Duration // age of the oldest
	SpoolRejected *uint64        // results that the endpoint rejected and that are not deleted
	// Dropped are results lost and not yet reported to an endpoint, by cause, in the order to report.
	Dropped []Dropped
	// Requests counts the requests of endpoints during sessions; nil: none ever.
	Requests             []RequestCount
	LastDelivery         *time.Duration // time since the last delivery that succeeded
	LastDeliveryDuration *time.Duration // how long it took
	LastRunDuration      *time.Duration // how long the last whole run took
	PeakMemory           *uint64        // largest resident memory of a run, in bytes
	ClockOffset          *time.Duration // the endpoint's clock minus this host's
	Bundle               *Bundle        // nil: there was never one
}

// Bundle is the installed bundle of scripts.
type Bundle struct {
	Version string // empty: none is installed now
	State   string // a word: trial, good, back
	Refused uint64 // versions that are not taken again
}

// Dropped counts results lost for one cause.
type Dropped struct {
	Cause   string // a word: space, age, refused, damaged, user, unstored
	Results uint64
}

// RequestCount counts one kind of request of endpoints.
type RequestCount struct {
	Kind  string // check_test, check_targets, host_info, refused
	Count uint64
}

type virgo struct {
	self func(ctx context.Context) (Self, error)
}

func virgoType(self func(context.Context) (Self, error)) collect.Type {
	return collect.Type{
		Name:       "agent.virgo",
		Summary:    "the agent itself: its spool, its deliveries, its memory",
		KeyMetrics: []string{"spool_results", "spool_oldest_age", "last_delivery_age"},
		KernelOnly: true,
		Checker:    virgo{self: self},
	}
}

// Check reports the figures that are known: spool_results, spool_bytes, spool_oldest_age (seconds),
// spool_rejected, dropped_CAUSE, remote_KIND (requests), last_delivery_age, last_delivery_duration,
// last_run_duration (seconds), peak_memory (bytes), clock_offset (milliseconds), bundle_version, bundle_state,
// bundle_refused (versions).
func (v virgo) Check(ctx context.Context, _ collect.Request) (collect.Report, error) {
	if err := ctx.Err(); err != nil {
		return collect.Report{}, err
	}
	if v.self == nil {
		return collect.Report{}, errors.New("the agent's own figures are not available here")
	}
	s, err := v.self(ctx)
	if err != nil {
		return collect.Report{}, fmt.Errorf("reading the agent's own figures: %w", err)
	}
	f := collect.MetricBuilder{Metrics: make([]collect.Metric, 0, 12)}
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
	for _, a := range s.Requests {
		f.Uint64("remote_"+a.Kind, a.Count, "requests")
	}
	seconds("last_delivery_age", s.LastDelivery)
	seconds("last_delivery_duration", s.LastDeliveryDuration)
	seconds("last_run_duration", s.LastRunDuration)
	count("peak_memory", s.PeakMemory, "bytes")
	if s.ClockOffset != nil {
		f.Add("clock_offset", collect.Int64, strconv.FormatInt(s.ClockOffset.Milliseconds(), 10), "milliseconds")
	}
	if b := s.Bundle; b != nil {
		if b.Version != "" {
			f.Text("bundle_version", b.Version)
		}
		f.Text("bundle_state", b.State)
		f.Uint64("bundle_refused", b.Refused, "versions")
	}
	return collect.Report{Metrics: f.Metrics}, nil
}
