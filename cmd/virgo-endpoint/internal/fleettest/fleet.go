package fleettest

import (
	"fmt"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// maxBatch bounds the results of one arrival.
const maxBatch = 2000

// A Fleet is a number of simulated hosts. What they send depends on nothing but their number and the time, so two fills
// are alike.
type Fleet struct {
	Hosts int
	// Every is the period of their checks. They send from From until To.
	Every    time.Duration
	From, To time.Time
}

// ID returns the id of the nth host, from 0.
func ID(n int) string { return fmt.Sprintf("host-%03d", n) }

// A Store is one that a fleet sends to.
type Store interface {
	intake.Intake
	intake.Keys
}

// Fill stores what the fleet sends, each host's results in order.
func (f Fleet) Fill(t testing.TB, st Store) {
	t.Helper()
	for n := range f.Hosts {
		secret, _, err := st.AddToken(t.Context(), intake.TokenSpec{Label: "fleet", Kinds: intake.Legacy, AgentIDs: []string{ID(n)}}, f.From)
		if err != nil {
			t.Fatal(err)
		}
		admitted, err := st.Admit(t.Context(), intake.Claim{AgentID: ID(n), Token: secret, Now: f.From})
		if err != nil {
			t.Fatal(err)
		}
		var results []intake.Result
		flush := func() {
			if len(results) == 0 {
				return
			}
			outcomes, err := st.Append(t.Context(), []intake.Arrival{{AgentID: ID(n), Access: admitted.Access, Received: results[len(results)-1].Received,
				Hello: &intake.Hello{Name: ID(n), Remote: "192.0.2.1:40000", ProcessVersion: "1.0.0"}, Results: results}})
			if err == nil {
				err = outcomes[0].Err
			}
			if err != nil {
				t.Fatalf("storing the results of %s: %v", ID(n), err)
			}
			results = nil
		}
		for at := f.From; at.Before(f.To); at = at.Add(f.Every) {
			if results = append(results, f.run(n, at)...); len(results) >= maxBatch {
				flush()
			}
		}
		flush()
	}
}

// Percent is what a figure of a host says at a time: between 0 and 100, and different for each.
func Percent(n, figure int, at time.Time) int64 {
	return (int64(n)*37 + int64(figure)*29 + at.Unix()/60*7) % 101
}

// run returns the results of one run of a host.
func (f Fleet) run(n int, at time.Time) []intake.Result {
	cpu, memory, disk := Percent(n, 0, at), Percent(n, 1, at), Percent(n, 2, at)
	var list []intake.Result
	for _, c := range []struct{ id, kind, metrics string }{
		{"cpu", "agent.cpu", fmt.Sprintf(`[null,{"usage_average":{"t":"double","v":"%d.0","u":"percent"},"cpu_count":{"t":"int32","v":"4","u":"processors"}}]`, cpu)},
		{"memory", "agent.memory", fmt.Sprintf(`[null,{"total":{"t":"gauge","v":"100000000","u":"bytes"},"actual_used":{"t":"gauge","v":"%d","u":"bytes"},"actual_free":{"t":"gauge","v":"%d","u":"bytes"}}]`,
			memory*1e6, (100-memory)*1e6)},
		{"filesystem", "agent.filesystem", fmt.Sprintf(`["/",{"used":{"t":"gauge","v":"%d","u":"kilobytes"},"avail":{"t":"gauge","v":"%d","u":"kilobytes"}}]`, disk*1e4, (100-disk)*1e4)},
	} {
		list = append(list, intake.Result{ResultID: fmt.Sprint(c.id, "-", at.Unix()), CheckID: c.id, CheckType: c.kind, State: "available", Time: at,
			Received: at.Add(300 * time.Millisecond), Params: fmt.Appendf(nil, `{"min_check_period":%d,"metrics":[%s]}`, f.Every.Milliseconds(), c.metrics)})
	}
	return list
}
