package run

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"virgo/spool"
	"virgo/transport/transporttest"
)

// backlog puts results into the spool, one a minute, the last made a minute ago.
func (b *bench) backlog(n int) (ids []string) {
	b.t.Helper()
	var entries []spool.Entry
	for i := range n {
		id := fmt.Sprintf("r%03d", i)
		ids = append(ids, id)
		entries = append(entries, spool.Entry{
			Agent: b.ID, Made: b.clock.Add(time.Duration(i-n) * time.Minute),
			Data: fmt.Appendf(nil, `{"check_id":%q,"min_check_period":60000,"pad":"%0600d"}`, id, 0),
		})
	}
	for part := range slices.Chunk(entries, 10) {
		err := b.Spool.Update(b.t.Context(), func(tx *spool.Tx) error {
			_, err := tx.Append(part...)
			return err
		})
		if err != nil {
			b.t.Fatal(err)
		}
	}
	return ids
}

func (b *bench) flush(sel Selection) Delivery {
	b.t.Helper()
	d, err := b.FlushSelection(b.t.Context(), sel)
	if err != nil || d.Err != nil {
		b.t.Fatal(d.Err, err)
	}
	return d
}

func TestFlushInEitherOrder(t *testing.T) {
	const n = 2*batchRecords + 10 // several batches
	for _, newest := range []bool{false, true} {
		b := newBench(t, transporttest.Script{Features: modern})
		want := b.backlog(n)
		if newest {
			slices.Reverse(want)
		}
		d := b.flush(Selection{NewestFirst: newest})
		if got := b.storedChecks(); !slices.Equal(got, want) || d.Delivered != n || d.Passed != 0 || b.waiting() != 0 {
			t.Errorf("newest first %v: %+v, %d wait, stored %v", newest, d, b.waiting(), got)
		}
	}
}

func TestFlushWithMaxAge(t *testing.T) {
	const n, young = 2*batchRecords + 10, 100
	for _, newest := range []bool{false, true} {
		b := newBench(t, transporttest.Script{Features: modern})
		all := b.backlog(n)
		d := b.flush(Selection{NewestFirst: newest, MaxAge: young * time.Minute})
		want := all[n-young:]
		if newest {
			want = slices.Clone(want)
			slices.Reverse(want)
		}
		got := b.storedChecks()
		if !slices.Equal(got, want) || d.Delivered != young || d.Passed != n-young || b.waiting() != n-young {
			t.Fatalf("newest first %v: %+v, %d wait, stored %v", newest, d, b.waiting(), got)
		}
		if d := b.flush(Selection{MaxAge: time.Second}); d.Delivered != 0 || d.Passed != n-young {
			t.Errorf("nothing is that young: %+v", d)
		}
		b.flush(Selection{})
		if got := b.storedChecks(); !slices.Equal(got[young:], all[:n-young]) || b.waiting() != 0 {
			t.Errorf("the rest: stored %v", got)
		}
	}
}

// A session after one that broke begins with what was not settled, in either order.
func TestFlushAfterABrokenSessionKeepsItsOrder(t *testing.T) {
	q := queue{handedOut: true, at: 5, passed: 3}
	if q.Rewind(); q.handedOut || q.at != 0 || q.passed != 0 {
		t.Errorf("a new session goes on with %+v", q)
	}
	for _, newest := range []bool{false, true} {
		b := newBench(t, transporttest.Script{Features: modern, RateLimitAt: 2})
		want := b.backlog(200)
		if newest {
			slices.Reverse(want)
		}
		for attempt := 0; ; attempt++ {
			d, err := b.FlushSelection(t.Context(), Selection{NewestFirst: newest})
			if err != nil || attempt > 10 {
				t.Fatalf("attempt %d: %+v, %v", attempt, d, err)
			}
			if d.Err == nil {
				break
			}
		}
		if got := b.storedChecks(); !slices.Equal(got, want) || b.waiting() != 0 {
			t.Errorf("newest first %v: stored %v", newest, got)
		}
	}
}

// What waited out an outage is sent with its order and its age; this run's own result is not late.
func TestDeliverySaysOrderAndAge(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: modern, Schedule: scheduleOf("a")})
	b.run()
	b.endpoint.Set(away)
	for range 3 {
		b.clock = b.clock.Add(time.Minute)
		b.run()
	}
	b.clock = b.clock.Add(time.Minute)
	b.endpoint.Set(transporttest.Script{Features: modern, Schedule: scheduleOf("a")})
	b.run()
	var ages []int64
	var orders []uint64
	for _, s := range b.endpoint.Stored()[1:] {
		var p struct {
			Order *uint64 `json:"order"`
			AgeMS *int64  `json:"age_ms"`
		}
		if err := json.Unmarshal(s.Params, &p); err != nil || p.Order == nil {
			t.Fatalf("%s: %v", s.Params, err)
		}
		orders = append(orders, *p.Order)
		age := int64(0)
		if p.AgeMS != nil {
			age = *p.AgeMS
		}
		ages = append(ages, age/60_000)
	}
	if len(orders) != 4 || orders[0] <= orders[3] || orders[1] >= orders[2] || orders[2] >= orders[3] {
		t.Errorf("orders %v: the own result first, then the oldest first", orders)
	}
	// The last but one was made a minute ago: a minute is its period.
	if len(ages) != 4 || ages[0] != 0 || ages[1] != 3 || ages[2] != 2 || ages[3] != 0 {
		t.Errorf("ages in minutes %v", ages)
	}
}
