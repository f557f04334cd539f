package torture

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"virgo/transport"
	"virgo/transport/transporttest"
)

// A breakage is where and how a session breaks.
type breakage struct {
	pipelined  bool // the endpoint supports pipelining, and the agent knows
	toEndpoint bool // count the bytes from the agent to the endpoint, else those in the other direction
	silent     bool // the network goes silent, else the connection is closed
	atByte     int  // the last byte that passes
}

func (w breakage) String() string {
	way, how, kind := "to the agent", "cut", "one at a time"
	if w.toEndpoint {
		way = "to the endpoint"
	}
	if w.silent {
		how = "silent"
	}
	if w.pipelined {
		kind = "pipelined"
	}
	return fmt.Sprintf("%s after byte %d %s, %s", how, w.atByte, way, kind)
}

func (w breakage) script() transporttest.Script {
	s := endpointScript(w.pipelined)
	s.Blackhole = w.silent
	if w.toEndpoint {
		s.CloseAfterIn = w.atByte
	} else {
		s.CloseAfterOut = w.atByte
	}
	return s
}

// Every connection of a run breaks after the same byte: for every byte up to the answer to hello, around the edge of
// every TLS record, and for a sample of the others; once by a close and once by silence, which the agent's own time
// limits have to end. One undisturbed run follows. At no time is a result in neither the spool nor the endpoint's
// store, and in the end each is stored once.
func TestEveryByte(t *testing.T) {
	limit := newBudget(t, 8*time.Second, 25)
	draw := seededRandom(t)
	var must, more []breakage
	seeds := make(map[bool]*startState)
	var hello, answer int // where they end on the wire, without pipelining
	for _, pipelined := range []bool{false, true} {
		s := newStartState(t, pipelined)
		seeds[pipelined] = s
		sent, received := s.record(t)
		if !pipelined {
			hello, answer = sent.helloEnd, received.helloEnd
		}
		t.Logf("pipelined %v: %d bytes in %d records sent, hello ends after %d; %d in %d received, its answer ends after %d",
			pipelined, sent.size, len(sent.edges), hello, received.size, len(received.edges), answer)
		for _, in := range []bool{true, false} {
			stream, greeting := sent, hello
			if !in {
				stream, greeting = received, answer
			}
			if stream.size < 3_000 || greeting < 1000 || greeting > 5000 || len(stream.edges) < 5 {
				t.Fatalf("recorded %d bytes, greeted after %d, %d edges", stream.size, greeting, len(stream.edges))
			}
			for at := 1; at <= stream.size; at++ {
				for _, silent := range []bool{false, true} {
					w := breakage{pipelined, in, silent, at}
					if at <= greeting || stream.nearEdge(at) {
						must = append(must, w)
					} else {
						more = append(more, w)
					}
				}
			}
		}
	}
	shuffle := func(w []breakage) { draw.Shuffle(len(w), func(i, j int) { w[i], w[j] = w[j], w[i] }) }
	shuffle(must)
	shuffle(more)
	if limit.tryAll {
		must = append(must, more...)
	} else {
		must = slices.Concat(must[:len(must)/2], more[:len(more)/8], must[len(must)/2:])
		shuffle(must)
	}
	report(t, "every-byte", tryAll(t, limit, must, func(t *testing.T, w breakage) { seeds[w.pipelined].try(t, w) }))
}

// tryAll tries cases in parallel until the time is up, each in a synctest bubble, and returns how many it tried.
func tryAll[T fmt.Stringer](t *testing.T, limit budget, cases []T, try func(*testing.T, T)) int {
	var next, tried atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for !t.Failed() {
				i := int(next.Add(1)) - 1
				if i >= len(cases) || !limit.timeLeft() && tried.Load() > 0 {
					return
				}
				synctest.Test(t, func(t *testing.T) {
					try(t, cases[i])
					if t.Failed() {
						t.Logf("the case was: %v", cases[i])
					}
				})
				tried.Add(1)
			}
		})
	}
	wg.Wait()
	return int(tried.Load())
}

// endpointScript is an endpoint that behaves well: with this project's features, or without pipelining.
func endpointScript(pipelined bool) transporttest.Script {
	s := transporttest.Script{
		Features: []string{transport.FeatureResultID}, Schedule: manyChecks(),
	}
	if pipelined {
		s.Features = []string{
			transport.FeaturePipelining, transport.FeatureResultID, transport.FeatureScheduleHash,
			transport.FeaturePostMulti, transport.FeaturePostMultiLZ4,
		}
		s.ScheduleHash = "1"
	}
	return s
}

// try is one case.
func (s *startState) try(t *testing.T, w breakage) {
	b := s.restore(t, w.script())
	defer b.close()
	began := time.Now()
	rep := b.run(t)
	if took := time.Since(began); took > runDeadline {
		t.Errorf("the run took %v", took)
	}
	if rep.Kept != checksPerRun {
		t.Errorf("%d results stored", rep.Kept)
	}
	b.checkNothingLost(t, s.waiting+checksPerRun)
	b.endpoint.Set(endpointScript(w.pipelined))
	b.nextMinute()
	rep = b.run(t)
	if rep.Delivery.Err != nil {
		t.Errorf("then: %v", rep.Delivery.Err)
	}
	if left := b.checkNothingLost(t, s.waiting+2*checksPerRun); left != 0 {
		t.Errorf("%d results still wait", left)
	}
	if faults := b.endpoint.Faults(); len(faults) > 0 {
		t.Errorf("faults: %v", faults)
	}
}
