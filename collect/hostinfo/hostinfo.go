package hostinfo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"
)

// A Type is one question that a host can answer.
type Type struct {
	// Name as host_info.get has it, for example "cpu".
	Name string
	// Summary is one line for a person, lower case, no full stop.
	Summary string
	// Systems that it is for, as GOOS names them; none means all.
	Systems []string
	// Shape is a zero value of what Read gives: its fields' json and doc tags are the documentation.
	Shape any
	// Read gives a value of Shape's type; a list that is empty is not nil.
	Read func(ctx context.Context, h *Host) (any, error)
}

// supported says whether the type is for a system.
func (t Type) supported(system string) bool {
	return len(t.Systems) == 0 || slices.Contains(t.Systems, system)
}

// An Answer is the result of host_info.get.
type Answer struct {
	// Error is what went wrong in one sentence; nil where nothing did. Metrics may be there all the same.
	Error *string `json:"error"`
	// Metrics is of the type's Shape, or null.
	Metrics any `json:"metrics"`
	// Timestamp is when the answer was made, ms since the epoch.
	Timestamp int64 `json:"timestamp"`
}

// Types gives all types, by name.
func Types() []Type {
	all := slices.Concat(machineTypes(), softwareTypes())
	slices.SortFunc(all, func(a, b Type) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// ErrUnknown is returned when no type has that name.
var ErrUnknown = errors.New("unknown host information type")

// Get answers one question. The error is ErrUnknown; whatever else goes wrong is in the answer.
func Get(ctx context.Context, h *Host, name string) (Answer, error) {
	for _, t := range Types() {
		if t.Name == name {
			return t.answer(ctx, h), nil
		}
	}
	return Answer{}, fmt.Errorf("%w: %q", ErrUnknown, name)
}

// grace is how long a type whose time is up may take to give what it has seen so far.
const grace = 250 * time.Millisecond

// answer reads in a goroutine of its own, because a file of a file system whose server is gone is never read to
// its end and nothing interrupts that: what does not come back is left behind.
func (t Type) answer(ctx context.Context, h *Host) (a Answer) {
	defer func() { a.Timestamp = h.now().UnixMilli() }()
	fail := func(text string) { a.Error = &text }
	if !t.supported(runtime.GOOS) {
		fail("Unsupported operating system for " + t.Name)
		return a
	}
	late := func() { fail(fmt.Sprintf("reading %s was not done in its time: %v", t.Name, ctx.Err())) }
	if ctx.Err() != nil {
		late()
		return a
	}
	type seen struct {
		metrics any
		err     error
	}
	done := make(chan seen, 1)
	go func() {
		metrics, err := t.readBounded(ctx, h)
		done <- seen{metrics, err}
	}()
	patience, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	defer stop()
	select {
	case s := <-done:
		a.Metrics = s.metrics
		if s.err != nil {
			fail(Redact(s.err.Error()))
		}
	case <-patience.Done():
		late()
	}
	return a
}

// readBounded reads, and makes an error of a panic.
func (t Type) readBounded(ctx context.Context, h *Host) (metrics any, err error) {
	defer func() {
		if p := recover(); p != nil {
			metrics, err = nil, fmt.Errorf("reading %s failed by a mistake of virgo's own", t.Name)
		}
	}()
	metrics, err = t.Read(ctx, h)
	metrics, cut := bound(metrics)
	if err != nil && cut != nil {
		return metrics, fmt.Errorf("%w; %w", err, cut)
	}
	return metrics, cmp.Or(err, cut)
}

func (h *Host) now() time.Time {
	if h.Now == nil {
		return time.Now()
	}
	return h.Now()
}
