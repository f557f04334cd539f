package run

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"virgo/spool"
	"virgo/transport"
	"virgo/transport/transporttest"
)

// frames returns the number of results of each frame of several; a negative one was compressed.
func (b *bench) frames() (list []int) {
	for _, f := range b.endpoint.Multi() {
		if f.Compressed {
			f.Results = -f.Results
		}
		list = append(list, f.Results)
	}
	return list
}

func TestARunIsOneFrameAndTheBacklogIsCompressed(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: modern, Schedule: scheduleOf("a", "b", "c")})
	b.run() // it does not know the endpoint yet
	b.backlog(40)
	b.clock = b.clock.Add(time.Minute)
	if rep := b.run(); rep.Delivery.Err != nil || rep.Delivery.Delivered != 43 {
		t.Errorf("%+v", rep.Delivery)
	}
	if got := b.frames(); !slices.Equal(got, []int{3, 3, -40}) {
		t.Errorf("frames of %v", got)
	}
	if got := b.storedChecks(); len(got) != 46 || b.waiting() != 0 {
		t.Errorf("stored %v, %d wait", got, b.waiting())
	}
	if faults := b.endpoint.Faults(); len(faults) > 0 {
		t.Error(faults)
	}
}

func TestLossReportBeginsTheFrame(t *testing.T) {
	for _, refused := range []bool{false, true} {
		script := transporttest.Script{Features: modern, Schedule: scheduleOf("a", "b")}
		if refused {
			script.Reject = map[int]transport.Error{1: {Code: 400, Message: "unknown check"}}
		}
		b := newBench(t, script)
		b.lose(3)
		if rep := b.run(); rep.Delivery.Err != nil || rep.Delivery.Delivered != 2 {
			t.Fatalf("%+v", rep.Delivery)
		}
		if got := b.frames(); !slices.Equal(got, []int{3}) {
			t.Errorf("frames of %v", got)
		}
		want, unreported := []string{lossCheck, "a", "b"}, uint64(0)
		if refused {
			want, unreported = want[1:], 3
		}
		if got := b.storedChecks(); !slices.Equal(got, want) || b.unreported() != unreported {
			t.Errorf("refused %v: stored %v, %d unreported", refused, got, b.unreported())
		}
	}
}

// Some results of frames are refused: they are listed with the reason, the others delivered.
func TestRefusedResultsOfFrames(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: modern, Schedule: scheduleOf("a", "b"), Reject: map[int]transport.Error{
		2: {Code: 400, Message: "not b"}, 300: {Code: 400, Message: "not this one"},
	}})
	b.backlog(600)
	rep := b.run()
	if rep.Delivery.Err != nil || rep.Delivery.Delivered != 600 || rep.Delivery.Refused != 2 || b.waiting() != 0 {
		t.Fatalf("%+v, %d wait", rep.Delivery, b.waiting())
	}
	var reasons []string
	err := b.Spool.ListRejected(t.Context(), func(r spool.Record, why spool.Refusal) error {
		reasons = append(reasons, why.Message)
		return nil
	})
	slices.Sort(reasons)
	if err != nil || !slices.Equal(reasons, []string{"not b", "not this one"}) {
		t.Errorf("refused: %q, %v", reasons, err)
	}
	if got := b.storedChecks(); len(got) != 600 {
		t.Errorf("%d are stored", len(got))
	}
}

// The endpoint is replaced by an earlier version, which knows no frames of several results: the run that
// finds it out delivers with a second session, the next ones with one; and after an upgrade in frames again.
func TestDowngradedEndpointLosesNothing(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: modern, Schedule: scheduleOf("a", "b")})
	b.run()
	b.backlog(30)
	total := 2
	for _, step := range []struct {
		features []string
		sessions int
		multi    bool
	}{{earlier, 2, false}, {earlier, 1, false}, {nil, 1, false}, {modern, 1, true}, {modern, 1, true}} {
		b.endpoint.Set(transporttest.Script{Features: step.features, Schedule: scheduleOf("a", "b")})
		b.clock = b.clock.Add(time.Minute)
		sessions, frames := b.endpoint.Sessions(), len(b.frames())
		rep := b.run()
		if rep.Delivery.Err != nil || b.waiting() != 0 {
			t.Fatalf("%v: %+v, %d wait", step, rep.Delivery, b.waiting())
		}
		total += rep.Delivery.Delivered
		if n := b.endpoint.Sessions() - sessions; n != step.sessions {
			t.Errorf("%v: %d sessions", step, n)
		}
		if multi := len(b.frames()) > frames; multi != step.multi {
			t.Errorf("%v: frames of several results: %v", step, b.frames())
		}
	}
	if got := b.storedChecks(); len(got) != total || total != 42 || len(b.notices) > 0 {
		t.Errorf("%d stored of %d, notices %q", len(got), total, b.notices)
	}
}

// What hello's answer announced is known for the next session, also if this one failed.
func TestFeaturesOfAFailedSessionAreKnown(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: modern, RateLimitAt: 1})
	b.backlog(3)
	if d, err := b.Flush(t.Context()); err != nil || !errors.Is(d.Err, transport.ErrRateLimit) {
		t.Fatal(d, err)
	}
	st, err := b.State(t.Context())
	if err != nil || !slices.Contains(st.Features[b.endpoint.Address()], transport.FeaturePostMulti) {
		t.Errorf("%v, %v", st.Features, err)
	}
}

// An endpoint that announces frames of several results and does not know them gets single posts as well.
func TestEndpointThatOnlyAnnouncesMulti(t *testing.T) {
	b := newBench(t, transporttest.Script{
		Features: modern, Schedule: scheduleOf("a", "b"), MultiError: &transport.Error{Code: 404, Message: "unknown method"},
	})
	b.backlog(10)
	for range 2 {
		if rep := b.run(); rep.Delivery.Err != nil || b.waiting() != 0 {
			t.Fatalf("%+v, %d wait", rep.Delivery, b.waiting())
		}
		b.clock = b.clock.Add(time.Minute)
	}
	if got := b.storedChecks(); len(got) != 14 {
		t.Errorf("stored %v", got)
	}
}

// Many results drain by whole groups, whatever breaks in between: the endpoint cuts the connection again and
// again.
func TestLongDrainOverABreakingConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newPipeBench(t, transporttest.Script{Features: modern, Schedule: scheduleOf("a")})
		defer b.endpoint.Close()
		b.run()
		b.backlog(1500)
		want := b.waiting()
		for attempt := 0; b.waiting() > 0; attempt++ {
			if attempt > 60 {
				t.Fatalf("%d wait", b.waiting())
			}
			b.endpoint.Set(transporttest.Script{Features: modern, CloseAfterIn: 12<<10 + attempt*700})
			if d, err := b.Flush(t.Context()); err != nil || d.Err != nil && !errors.Is(d.Err, transport.ErrConnectionLost) {
				t.Fatal(d.Err, err)
			}
		}
		got := b.storedChecks()
		if uint64(len(got)) != want+1 {
			t.Errorf("%d are stored, want %d", len(got), want+1)
		}
		if got := strings.Join(got[1:4], " "); got != "r000 r001 r002" {
			t.Errorf("began with %s", got)
		}
	})
}
