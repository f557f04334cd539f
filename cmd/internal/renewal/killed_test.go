package renewal

import (
	"context"
	"errors"
	"testing"
	"time"
)

// errKilled ends a renewal at a step: nothing of what follows is done. What a process leaves that is really killed
// while it installs, the tests of package installed look at.
var errKilled = errors.New("killed")

// killed runs a renewal that ends at the nth step, and reports whether it came so far.
func (s *site) killed(n int) (did bool) {
	s.t.Helper()
	steps := 0
	s.Hook = func(string) {
		if steps++; steps == n {
			panic(errKilled)
		}
	}
	defer func() { s.Hook = nil }()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	func() {
		defer func() {
			if p := recover(); p != nil && p != errKilled {
				panic(p)
			} else if p != nil {
				did = true
			}
		}()
		_, _ = s.Run(ctx)
	}()
	return did
}

// Wherever a renewal is killed, the current bundle is good, and the next runs go on.
func TestKilledAtEachStep(t *testing.T) {
	t.Parallel()
	one, two := build(t, "standard", "1.0.0", "", 0), build(t, "standard", "2.0.0", "", 40<<10)
	steps := 1
	for ; ; steps++ {
		s := newSite(t)
		s.publish("1.0.0", one, s.signer)
		if _, err := s.run(); err != nil {
			t.Fatal(err)
		}
		s.publish("2.0.0", two, s.signer)
		did := s.killed(steps)
		if current := s.current(); current != "1.0.0" && current != "2.0.0" {
			t.Errorf("step %d: current %q", steps, current)
		}
		if _, err := s.run(); err != nil || s.current() != "2.0.0" || s.summary().Version != "2.0.0" {
			t.Errorf("step %d, then: %v, current %q, %+v", steps, err, s.current(), s.summary())
		}
		if i, err := s.Folder.Installed(); err != nil || i.Previous.Version != "1.0.0" {
			t.Errorf("step %d: %+v, %v", steps, i, err)
		}
		if !did {
			break
		}
	}
	if steps < 10 {
		t.Errorf("only %d steps", steps)
	}
}
