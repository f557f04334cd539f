package api

import (
	"context"
	"errors"
	"strings"
	"testing"

	"virgo/collect/script"
)

// A system call that never returns is waited for no longer than the check may take.
func TestWithin(t *testing.T) {
	for _, err := range []error{nil, errNotRegular} {
		if n, got := within(t.Context(), func() (int, error) { return 7, err }); n != 7 || got != err {
			t.Errorf("%d, %v; want 7, %v", n, got, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	hang := make(chan struct{})
	defer close(hang)
	_, err := within(ctx, func() (int, error) { cancel(); <-hang; return 7, nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that the context ended", err)
	}
}

// What a script makes this host do counts, although its own clock stands still meanwhile.
func TestCallsCount(t *testing.T) {
	limits := withoutClock()
	limits.Instructions = 50_000
	few := func(o *script.Options) { o.Limits = limits }
	guard := &everything{}
	for _, code := range []string{`file.stat("/x")`, `file.read("/x")`, `file.list("/x")`, `host.name()`} {
		_, err := run(t, guard, "for i = 1, 1000 do "+code+" end", few, func(o *script.Options) { o.World.Files = manyFiles(1) })
		if err == nil || !strings.Contains(err.Error(), "needed more than 50000 instructions") {
			t.Errorf("%s: %v", code, err)
		}
	}
}
