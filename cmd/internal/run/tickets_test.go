package run

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"virgo/spool"
	"virgo/transport/transporttest"
)

// An earlier version resumed TLS sessions. The tickets that it stored are deleted by the next
// delivery, in the transaction that settles it.
func TestTicketsOfAnEarlierVersionAreDeleted(t *testing.T) {
	script := transporttest.Script{Features: modern, Schedule: scheduleOf("a"), ScheduleHash: "1"}
	synctest.Test(t, func(t *testing.T) { // the endpoint's clock and the host's are the same
		b := newPipeBench(t, script)
		defer b.endpoint.Close()
		b.clock = time.Now()
		b.run()
		b.storeAsEarlierVersion()
		if d := b.flush(Selection{}); d.Delivered != 0 || len(b.storedTickets()) != 2 {
			t.Errorf("nothing to deliver: %+v, tickets of %q", d, b.storedTickets())
		}
		st, err := b.State(t.Context())
		if err != nil || st.LastMS != b.clock.UnixMilli() || st.Endpoint != b.Endpoints[0] || !st.HasCached {
			t.Errorf("%+v, %v", st, err)
		}
		time.Sleep(time.Minute)
		b.clock = time.Now()
		var points []string
		b.hook = func(point string) { points = append(points, point) }
		if rep := b.run(); rep.Delivery.Err != nil || rep.Delivery.Delivered != 1 {
			t.Errorf("%+v", rep.Delivery)
		}
		if left := b.storedTickets(); len(left) > 0 {
			t.Errorf("tickets of %q are left", left)
		}
		want := []string{"append.before", "append.after", "settle.before", "settle.after"}
		if !slices.Equal(points, want) {
			t.Errorf("the run came by %q, want %q", points, want)
		}
	})
}

// storeAsEarlierVersion adds to the state what an earlier version stored for TLS resumption.
func (b *bench) storeAsEarlierVersion() {
	b.t.Helper()
	err := b.Spool.Update(b.t.Context(), func(tx *spool.Tx) error {
		status := string(tx.Get("agent", "link")) + "ticket_ms 1700000000001\ntls_resumed 1\n"
		if err := tx.Put("agent", "link", []byte(status)); err != nil {
			return err
		}
		for _, endpoint := range []string{b.Endpoints[0], "another:443"} {
			if err := tx.Put("tickets", endpoint, []byte("sealed")); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// storedTickets returns the endpoints with a ticket in the state.
func (b *bench) storedTickets() (endpoints []string) {
	b.t.Helper()
	err := b.Spool.View(b.t.Context(), func(tx *spool.Tx) error {
		return tx.Each("tickets", func(endpoint string, _ []byte) error {
			endpoints = append(endpoints, endpoint)
			return nil
		})
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return endpoints
}
