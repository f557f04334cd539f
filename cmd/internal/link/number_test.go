package link

import (
	"testing"

	"virgo/transport/transporttest"
)

// Nothing of such a session is stored but the schedule and the number: one that is used twice looks like
// a copy of the host.
func TestFetchingTheScheduleUsesANumber(t *testing.T) {
	e := listen(t, transporttest.Script{Keys: true, Token: "T0KEN"})
	h := newKeyHost(t, e)
	if _, err := h.deliver(t); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := FetchSchedule(t.Context(), h.Config); err != nil {
			t.Fatal(err)
		}
	}
	hellos := saidTo(t, e)
	for i := 1; i < len(hellos); i++ {
		if hellos[i].Session <= hellos[i-1].Session {
			t.Errorf("session %d has the number %d, the one before %d", i, hellos[i].Session, hellos[i-1].Session)
		}
	}
	if len(hellos) != 4 {
		t.Errorf("%d sessions", len(hellos))
	}
}
