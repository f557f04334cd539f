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

// A wound is where and how a session ends before its time.
type wound struct {
	pipelined bool // the endpoint takes pipelined requests, and the agent knows
	in        bool // counted on the bytes from the agent to the endpoint, else on those the other way
	silent    bool // a network that goes quiet, else a connection that is closed
	at        int  // the last byte that passes
}

func (w wound) String() string {
	way, how, kind := "to the agent", "cut", "one at a time"
	if w.in {
		way = "to the endpoint"
	}
	if w.silent {
		how = "silent"
	}
	if w.pipelined {
		kind = "pipelined"
	}
	return fmt.Sprintf("%s after byte %d %s, %s", how, w.at, way, kind)
}

func (w wound) script() transporttest.Script {
	s := endpointScript(w.pipelined)
	s.Silent = w.silent
	if w.in {
		s.CutIn = w.at
	} else {
		s.CutOut = w.at
	}
	return s
}

// Every connection of a run ends after the same byte, for every byte up to the answer to hello, around the edge
// of every TLS record, and for a sample of the others: once by a close and once by silence, which the
// agent's own time limits have to end. One good run follows. At no time is a result neither in the
// spool nor at the endpoint, and in the end each is there once.
func TestEveryByte(t *testing.T) {
	limit := newBudget(t, 8*time.Second, 25)
	draw := draws(t)
	var must, more []wound
	seeds := make(map[bool]*seed)
	var hello, answer int // where they end on the wire where nothing else follows at once
	for _, pipelined := range []bool{false, true} {
		s := newSeed(t, pipelined)
		seeds[pipelined] = s
		sent, received := s.record(t)
		if !pipelined {
			hello, answer = sent.greeting, received.greeting
		}
		t.Logf("pipelined %v: %d bytes in %d records sent, hello ends after %d; %d in %d received, its answer ends after %d",
			pipelined, sent.size, len(sent.edges), hello, received.size, len(received.edges), answer)
		for _, in := range []bool{true, false} {
			stream, greeting := sent, hello
			if !in {
				stream, greeting = received, answer
			}
			if stream.size < 10_000 || greeting < 1000 || greeting > 5000 || len(stream.edges) < 5 {
				t.Fatalf("recorded %d bytes, greeted after %d, %d edges", stream.size, greeting, len(stream.edges))
			}
			for at := 1; at <= stream.size; at++ {
				for _, silent := range []bool{false, true} {
					w := wound{pipelined, in, silent, at}
					if at <= greeting || stream.nearEdge(at) {
						must = append(must, w)
					} else {
						more = append(more, w)
					}
				}
			}
		}
	}
	shuffle := func(w []wound) { draw.Shuffle(len(w), func(i, j int) { w[i], w[j] = w[j], w[i] }) }
	shuffle(must)
	shuffle(more)
	if limit.whole {
		must = append(must, more...)
	} else {
		must = slices.Concat(must[:len(must)/2], more[:len(more)/8], must[len(must)/2:])
		shuffle(must)
	}
	report(t, "every-byte", tryAll(t, limit, must, func(t *testing.T, w wound) { seeds[w.pipelined].try(t, w) }))
}

// tryAll tries cases side by side until the time is up, in a bubble of fake time each, and says how many.
func tryAll[T fmt.Stringer](t *testing.T, limit budget, cases []T, try func(*testing.T, T)) int {
	var next, tried atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for !t.Failed() {
				i := int(next.Add(1)) - 1
				if i >= len(cases) || !limit.left() && tried.Load() > 0 {
					return
				}
				synctest.Test(t, func(t *testing.T) {
					try(t, cases[i])
					if t.Failed() {
						t.Logf("it was: %v", cases[i])
					}
				})
				tried.Add(1)
			}
		})
	}
	wg.Wait()
	return int(tried.Load())
}

// endpointScript is a good endpoint: as this project makes them, or one that knows of no pipelining.
func endpointScript(pipelined bool) transporttest.Script {
	s := transporttest.Script{
		Features: []string{transport.FeatureResultID}, Schedule: manyChecks(),
	}
	if pipelined {
		s.Features = []string{transport.FeaturePipelining, transport.FeatureResultID, transport.FeatureScheduleHash}
		s.ScheduleHash = "1"
	}
	return s
}

// try is one case.
func (s *seed) try(t *testing.T, w wound) {
	b := s.plant(t, w.script())
	defer b.close()
	began := time.Now()
	rep := b.run(t)
	if took := time.Since(began); took > runDeadline {
		t.Errorf("the run took %v", took)
	}
	if rep.Kept != checksPerRun {
		t.Errorf("%d results kept", rep.Kept)
	}
	b.accounted(t, s.waiting+checksPerRun)
	b.endpoint.Set(endpointScript(w.pipelined))
	b.nextMinute()
	rep = b.run(t)
	if rep.Delivery.Err != nil {
		t.Errorf("then: %v", rep.Delivery.Err)
	}
	if left := b.accounted(t, s.waiting+2*checksPerRun); left != 0 {
		t.Errorf("%d results still wait", left)
	}
	if faults := b.endpoint.Faults(); len(faults) > 0 {
		t.Errorf("faults: %v", faults)
	}
}
