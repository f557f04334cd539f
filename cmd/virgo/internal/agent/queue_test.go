package agent

import (
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

func TestAFlushInEitherOrder(t *testing.T) {
	const n = 2*batchRecords + 10 // several readings
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

func TestAFlushOfWhatIsYoung(t *testing.T) {
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
		if got := b.storedChecks(); !slices.Equal(got, want) || d.Delivered != young || d.Passed != n-young || b.waiting() != n-young {
			t.Fatalf("newest first %v: %+v, %d wait, stored %v", newest, d, b.waiting(), got)
		}
		if d := b.flush(Selection{MaxAge: time.Second}); d.Delivered != 0 || d.Passed != n-young {
			t.Errorf("nothing is as young as that: %+v", d)
		}
		b.flush(Selection{})
		if got := b.storedChecks(); !slices.Equal(got[young:], all[:n-young]) || b.waiting() != 0 {
			t.Errorf("the rest: stored %v", got)
		}
	}
}

// A session that breaks off begins anew with what was not settled, whatever the order.
func TestABrokenFlushGoesOnInItsOrder(t *testing.T) {
	q := queue{handedOut: true, at: 5, passed: 3}
	if q.rewind(); q.handedOut || q.at != 0 || q.passed != 0 {
		t.Errorf("a new session goes on with %+v", q)
	}
	for _, newest := range []bool{false, true} {
		b := newBench(t, transporttest.Script{Features: modern, RateLimitAt: 40})
		want := b.backlog(100)
		if newest {
			slices.Reverse(want)
		}
		for {
			d, err := b.FlushSelection(t.Context(), Selection{NewestFirst: newest})
			if err != nil {
				t.Fatal(err)
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
