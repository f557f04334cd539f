package plugin

import (
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"virgo/collect"
)

// A heldBytes counts the bytes of output that are parsed and whose results are not passed on.
type heldBytes struct {
	mu        sync.Mutex
	now, most int
}

func (h *heldBytes) add(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now += n
	h.most = max(h.most, h.now)
}

// A heldLines is a format that counts what it holds.
type heldLines struct {
	held *heldBytes
	own  int
}

func (f *heldLines) line(text []byte)    { f.own += len(text) + 1; f.held.add(len(text) + 1) }
func (f *heldLines) partial(text []byte) {}
func (f *heldLines) report(exit, bool) (collect.Report, error) {
	return collect.Report{}, nil
}

// However many plugins print long outputs at once, only largeSlots of them are held at any time, and
// smallOutputBytes of each other.
func TestLongOutputsAreBoundedTogether(t *testing.T) {
	const plugins = 40
	text := strings.Repeat(strings.Repeat("x", 63)+"\n", MaxOutputBytes/64)
	held, slots := &heldBytes{}, &largeOutputs{}
	called := 0
	slots.large = func() { called++ }
	var all sync.WaitGroup
	for range plugins {
		all.Go(func() {
			f := &heldLines{held: held}
			o := newOutput(f)
			o.large = slots
			o.read(strings.NewReader(text))
			if f.own != len(text) || !o.slot {
				t.Errorf("%d of %d bytes were read", f.own, len(text))
			}
			held.add(-f.own) // the result is passed on
			slots.release()
		})
	}
	all.Wait()
	if bound := largeSlots*MaxOutputBytes + plugins*(smallOutputBytes+readBytes); held.most > bound || held.most < MaxOutputBytes {
		t.Errorf("%d bytes were held at once, at most %d are allowed", held.most, bound)
	}
	if called != 1 || slots.taken != 0 {
		t.Errorf("large was called %d times, %d slots are taken", called, slots.taken)
	}
}

// An output that fits into what everybody may hold takes no slot.
func TestShortOutputTakesNoSlot(t *testing.T) {
	o := newOutput(new(lineRecorder))
	o.large = &largeOutputs{large: func() { t.Error("large was called") }}
	o.read(strings.NewReader(strings.Repeat("x", smallOutputBytes)))
	if o.slot {
		t.Error("it has a slot")
	}
}

func TestSlotsInTheOrderOfArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slots := &largeOutputs{}
		quit := make(chan struct{})
		for range largeSlots {
			if waited, ok := slots.take(quit); waited != 0 || !ok {
				t.Fatalf("the first ones wait %s, %v", waited, ok)
			}
		}
		var mu sync.Mutex
		var order []int
		got := func() []int {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(order)
		}
		counts := func() (inLine, taken int) {
			slots.mu.Lock()
			defer slots.mu.Unlock()
			return len(slots.waiting), slots.taken
		}
		gone := make(chan struct{})
		for i := range 4 {
			mine := quit
			if i == 1 {
				mine = gone
			}
			go func() {
				if _, ok := slots.take(mine); ok {
					mu.Lock()
					defer mu.Unlock()
					order = append(order, i)
				}
			}()
			synctest.Wait()
		}
		close(gone) // the second one gives up
		synctest.Wait()
		for range 2 {
			slots.release()
			synctest.Wait()
		}
		if inLine, _ := counts(); !slices.Equal(got(), []int{0, 2}) || inLine != 1 {
			t.Errorf("slots were given to %v, %d wait", got(), inLine)
		}
		// Those that have a slot make no progress: the last one goes on in addition.
		before := time.Now()
		for len(got()) < 3 && time.Since(before) < time.Minute {
			time.Sleep(time.Second)
		}
		if took := time.Since(before); took < slotPatience || took > 2*slotPatience+time.Second {
			t.Errorf("it went on after %s", took)
		}
		// One slot too many is taken, and so the next one that is returned is not given away.
		var given atomic.Bool
		go func() {
			_, ok := slots.take(quit)
			given.Store(ok)
		}()
		slots.release()
		synctest.Wait()
		if _, taken := counts(); given.Load() || taken != largeSlots {
			t.Errorf("%d slots are taken", taken)
		}
		close(quit)
	})
}

// Where a plugin has exited before its output could be read, the rest of it is read all the same.
func TestOutputThatWaitsIsReadAfterTheExit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slots := &largeOutputs{}
		for range largeSlots {
			slots.take(nil)
		}
		text := strings.Repeat("line\n", 2*smallOutputBytes/5)
		var got lineRecorder
		o := newOutput(&got)
		o.large = slots
		go o.read(io.LimitReader(strings.NewReader(text), int64(len(text))))
		synctest.Wait()
		go func() {
			time.Sleep(2 * pipeWait)
			slots.release()
		}()
		if !o.awaitEnd(t.Context()) || !isClosed(o.done) || len(got.lines) != strings.Count(text, "\n") {
			t.Errorf("%d lines were read of %d", len(got.lines), strings.Count(text, "\n"))
		}
	})
}
