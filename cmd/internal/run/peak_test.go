package run

import (
	"testing"
	"time"

	"virgo/cmd/internal/lines"
	"virgo/cmd/internal/link"
	"virgo/spool"
	"virgo/transport/transporttest"
)

func (b *bench) storeLastRun(r LastRun) {
	b.t.Helper()
	err := b.Spool.Update(b.t.Context(), func(tx *spool.Tx) error {
		return tx.Put(link.StateSpace, lastRunKey, lines.Append(nil, &r))
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// settle runs updatePeak in a transaction and returns what is stored then.
func (b *bench) settle(r LastRun) LastRun {
	b.t.Helper()
	if err := b.Spool.Update(b.t.Context(), r.updatePeak); err != nil {
		b.t.Fatal(err)
	}
	st, err := b.State(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return st.Run
}

func TestPeakIsStoredWithTheSettlement(t *testing.T) {
	if peakBytes() == 0 {
		t.Skip("this system does not report the peak")
	}
	b := newBench(t, transporttest.Script{})
	own := LastRun{StartedMS: 5, Checks: 3, PeakBytes: 1}
	b.storeLastRun(own)
	if got := b.settle(own); got.PeakBytes < 1<<20 || got.Checks != 3 {
		t.Errorf("stored %+v", got)
	}
	later := LastRun{StartedMS: 6, PeakBytes: 1}
	b.storeLastRun(later)
	if got := b.settle(own); got != later {
		t.Errorf("a later run's record became %+v", got)
	}
	if got := b.settle(LastRun{}); got != later { // a flush is no run
		t.Errorf("a later run's record became %+v", got)
	}
}

// What a run takes for its delivery belongs to its peak: the settlement stores it again.
func TestPeakIsReadAfterTheDelivery(t *testing.T) {
	if peakBytes() == 0 {
		t.Skip("this system does not report the peak")
	}
	b := newBench(t, transporttest.Script{Features: modern, Schedule: scheduleOf("a")})
	b.run() // connects for the schedule, before its checks
	b.clock = b.clock.Add(time.Minute)
	stored := false
	b.Connected = func() {
		st, err := b.State(t.Context())
		if stored = err == nil && st.Run.StartedMS == b.clock.UnixMilli(); stored {
			st.Run.PeakBytes = 1
			b.storeLastRun(st.Run)
		}
	}
	b.run()
	st, err := b.State(t.Context())
	if err != nil || !stored || st.Run.PeakBytes <= 1 || st.Run.Checks != 1 {
		t.Errorf("%+v, %v; stored before the delivery: %v", st.Run, err, stored)
	}
}

// Where no settlement is expected, the peak is stored with the results.
func TestPeakWithoutADelivery(t *testing.T) {
	if peakBytes() == 0 {
		t.Skip("this system does not report the peak")
	}
	b := newBench(t, transporttest.Script{Features: modern, Schedule: scheduleOf("a")})
	b.run()
	b.endpoint.Set(transporttest.Script{Refuse: true})
	for _, name := range []string{"the first failure", "failing"} {
		b.clock = b.clock.Add(time.Minute)
		b.run()
		st, err := b.State(t.Context())
		if known := st.Run.PeakBytes > 0; err != nil || known != (name == "failing") {
			t.Errorf("%s: %+v, %v", name, st.Run, err)
		}
	}
	b.Endpoints = nil
	b.clock = b.clock.Add(time.Minute)
	b.run()
	if st, err := b.State(t.Context()); err != nil || st.Run.PeakBytes == 0 {
		t.Errorf("no endpoint: %+v, %v", st.Run, err)
	}
}
