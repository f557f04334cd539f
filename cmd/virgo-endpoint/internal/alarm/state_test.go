package alarm

import (
	"bytes"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
	rule "virgo/schedule/alarm"
)

// What is stored of a state comes back, and nothing that may be in a damaged file does harm.
func FuzzRestored(f *testing.F) {
	s := state{told: rule.Silent, waits: monday(1, 2), opened: monday(0, 1), fleet: "web"}
	s.machine.Step(&rule.Rule{For: rule.Span{Count: 1}}, rule.Verdict{State: rule.Warning}, monday(3, 4))
	f.Add(s.stored().Machine)
	f.Add([]byte{storedVersion, 0, 0, 0, 0})
	f.Add([]byte{storedVersion, 9})
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := restored(&watch.Saved{Machine: data})
		if err != nil {
			return
		}
		stored := first.stored()
		if first.plain() {
			return
		}
		again, err := restored(&stored)
		if err != nil {
			t.Fatalf("%x was read and became %x, which is not: %v", data, stored.Machine, err)
		}
		if more := again.stored(); !bytes.Equal(more.Machine, stored.Machine) {
			t.Errorf("%x became %x, then %x", data, stored.Machine, more.Machine)
		}
	})
}

func TestStateIsRestored(t *testing.T) {
	s := state{told: rule.Critical, waits: monday(1, 2), opened: monday(0, 1), fleet: "web"}
	s.machine.Step(&rule.Rule{For: rule.Span{Time: time.Hour}}, rule.Verdict{State: rule.Warning}, monday(3, 4))
	stored := s.stored()
	got, err := restored(&stored)
	if err != nil {
		t.Fatal(err)
	}
	if got.told != s.told || !got.waits.Equal(s.waits) || !got.opened.Equal(s.opened) || got.fleet != s.fleet {
		t.Errorf("%+v", got)
	}
	if state, since, ok := got.machine.Pending(); !ok || state != rule.Warning || !since.Equal(monday(3, 4)) {
		t.Errorf("pending %v since %v, %v", state, since, ok)
	}
	plain := state{}
	if saved := plain.stored(); saved.State != rule.OK || saved.Machine != nil {
		t.Errorf("%+v is stored of a state that is plainly OK", saved)
	}
}
