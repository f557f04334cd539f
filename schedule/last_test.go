package schedule

import (
	"bytes"
	"encoding/hex"
	"math"
	"testing"
	"time"
)

func TestLastGolden(t *testing.T) {
	l := Last{Slot: time.UnixMilli(1_772_434_800_000), Ran: time.UnixMilli(-1), ClaimedUntil: time.UnixMilli(0), Claim: 0x01020304}
	b, err := l.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	const want = "01" + "0000019cad58bd80" + "ffffffffffffffff" + "8000000000000000" + "0000000000000000" + "01020304"
	if got := hex.EncodeToString(b); got != want {
		t.Errorf("stored as\n%s, want\n%s", got, want)
	}
	if back := parseLast(b); back != l {
		t.Errorf("read back %+v, want %+v", back, l)
	}
}

func TestDamagedLastCountsAsNeverRun(t *testing.T) {
	good, _ := Last{Slot: simulationStart, Ran: simulationStart}.AppendBinary(nil)
	newer := bytes.Clone(good)
	newer[0] = 2
	farFuture, _ := Last{}.AppendBinary(nil)
	copy(farFuture[1:], []byte{0x7f, 0xff, 0xff, 0xff})
	for name, b := range map[string][]byte{"empty": nil, "truncated": good[:36], "longer": append(bytes.Clone(good), 0), "newer": newer, "year 290000000": farFuture} {
		if got := parseLast(b); got != (Last{}) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// FuzzLast checks that with any stored state a check is due within its period or its claim's life,
// and that the state is valid after a run.
func FuzzLast(f *testing.F) {
	good, _ := Last{Slot: simulationStart, Ran: simulationStart, ClaimedAt: simulationStart, ClaimedUntil: simulationStart.Add(time.Minute), Claim: 7}.AppendBinary(nil)
	f.Add(good, int64(1_772_434_800_000), int64(60))
	f.Add([]byte{1}, int64(math.MinInt64), int64(90))
	f.Add(bytes.Repeat([]byte{0xff}, lastBytes), int64(math.MaxInt64), int64(1))
	f.Add(append([]byte{1}, bytes.Repeat([]byte{0x00, 0x1e}, 18)...), int64(0), int64(31_622_400))
	f.Fuzz(func(t *testing.T, stored []byte, ms, seconds int64) {
		ms = max(-maxMillis/2, min(ms, maxMillis/2))
		c := Check{ID: "a", Type: "t", Period: min(max(time.Duration(seconds%40_000_000)*time.Second, MinPeriod), MaxPeriod)}
		now := time.UnixMilli(ms)
		st := newMemory()
		st.Put(CheckSpace, c.ID, stored)
		last := ReadLast(st, c.ID)
		wait := Next("h", c, last, now).Sub(now)
		if wait > 2*c.Period {
			t.Fatalf("due in %s, with a period of %s", wait, c.Period)
		}
		s := Schedule{Checks: []Check{c}}
		got, err := Claim(st, "h", s, now, aMinute)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) == 0 {
			// Whatever blocks it, it runs again.
			now = now.Add(max(2*c.Period, 2*maxClaim) + time.Second)
			if got, err = Claim(st, "h", s, now, aMinute); err != nil || len(got) != 1 {
				t.Fatalf("never due: %v, stored %+v", err, last)
			}
		}
		if err := Finish(st, got, now); err != nil {
			t.Fatal(err)
		}
		after := ReadLast(st, c.ID)
		if !after.Slot.Equal(got[0].Slot) || !after.ClaimedUntil.IsZero() {
			t.Fatalf("after a run %+v", after)
		}
		if early := after.Slot.Sub(now); early > slack(c.Period) || early <= -c.Period {
			t.Fatalf("a run satisfies a point %s away, period %s", early, c.Period)
		}
	})
}
