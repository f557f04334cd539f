package hostinfo

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"time"

	"virgo/collect/hostinfo/redact"
)

// An Answer is the result of host_info.get.
type Answer struct {
	// Error is what went wrong in one sentence, or nil. There may be metrics all the same.
	Error *string `json:"error"`
	// Metrics is of the type's Shape, or null.
	Metrics any `json:"metrics"`
	// Timestamp is when the answer was made, ms since the epoch.
	Timestamp int64 `json:"timestamp"`
}

// grace is how long a type whose time is up may take to return what it has read so far.
const grace = 250 * time.Millisecond

// answer reads in a goroutine of its own, because nothing interrupts the reading of a file whose
// server is gone: a type that does not return is abandoned.
func answer(ctx context.Context, h *Host, t Type) (a Answer) {
	defer func() { a.Timestamp = h.Time().UnixMilli() }()
	fail := func(text string) { a.Error = &text }
	if !t.SupportedOn(runtime.GOOS) {
		fail("Unsupported operating system for " + t.Name)
		return a
	}
	timeOut := func() { fail(fmt.Sprintf("reading %s was not done in its time: %v", t.Name, ctx.Err())) }
	if ctx.Err() != nil {
		timeOut()
		return a
	}
	type result struct {
		metrics any
		err     error
	}
	done := make(chan result, 1)
	go func() {
		metrics, err := read(ctx, h, t)
		done <- result{metrics, err}
	}()
	graceOver, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	defer stop()
	select {
	case r := <-done:
		a.Metrics = r.metrics
		if r.err != nil {
			fail(redact.Text(r.err.Error()))
		}
	case <-graceOver.Done():
		timeOut()
	}
	return a
}

// read bounds what a type reads, and makes an error of a panic.
func read(ctx context.Context, h *Host, t Type) (metrics any, err error) {
	defer func() {
		if p := recover(); p != nil {
			metrics, err = nil, fmt.Errorf("reading %s failed by a mistake of virgo's own", t.Name)
		}
	}()
	metrics, err = t.Read(ctx, h)
	metrics, tooMuch := bound(metrics)
	if err != nil && tooMuch != nil {
		return metrics, fmt.Errorf("%w; %w", err, tooMuch)
	}
	return metrics, cmp.Or(err, tooMuch)
}
