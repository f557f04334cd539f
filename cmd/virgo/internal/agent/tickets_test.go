package agent

import (
	"bytes"
	"os"
	"testing"
	"time"

	"virgo/spool"
	"virgo/transport/transporttest"
)

func (b *bench) ticketOf(endpoint string) (sealed []byte) {
	b.t.Helper()
	err := b.Spool.View(b.t.Context(), func(tx *spool.Tx) error {
		sealed = tx.Get(ticketSpace, endpoint)
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return sealed
}

func (b *bench) resumed() bool {
	b.t.Helper()
	st, err := b.State(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return st.Link.Resumed
}

func TestATLSSessionGoesOnFromOneRunToTheNext(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: modern, Schedule: checks("a"), Resume: true})
	b.run()
	first := b.ticketOf(b.endpoint.Address())
	if len(first) == 0 || b.resumed() {
		t.Fatalf("after the first run: %d bytes, resumed %v", len(first), b.resumed())
	}
	b.clock = b.clock.Add(time.Minute)
	b.run()
	if same := b.ticketOf(b.endpoint.Address()); !b.resumed() || !bytes.Equal(first, same) {
		t.Errorf("a minute later: resumed %v, the ticket is the same: %v", b.resumed(), bytes.Equal(first, same))
	}
	b.clock = b.clock.Add(ticketUse)
	b.run()
	second := b.ticketOf(b.endpoint.Address())
	if !b.resumed() || bytes.Equal(first, second) {
		t.Errorf("resumed %v, the ticket is the same: %v", b.resumed(), bytes.Equal(first, second))
	}
	// Under another token it does not open, and the handshake is a full one.
	b.Token = func() (string, error) { return "T2", nil }
	b.clock = b.clock.Add(time.Minute)
	if rep := b.run(); rep.Delivery.Err != nil || b.resumed() {
		t.Errorf("%+v, resumed %v", rep.Delivery, b.resumed())
	}
	file, err := os.ReadFile(b.Spool.Path())
	if err != nil || bytes.Contains(file, []byte("transporttest")) { // a name of the certificate, as a session's state holds it
		t.Errorf("the session lies open in the file, or %v", err)
	}
}

func TestADamagedTicketCostsAFullHandshake(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: modern, Schedule: checks("a"), Resume: true})
	b.run()
	for _, spoil := range []func([]byte) []byte{
		func([]byte) []byte { return []byte("x") },
		func(s []byte) []byte { s[len(s)/2] ^= 1; return s },
		func(s []byte) []byte { return s[:len(s)-1] },
	} {
		sealed := spoil(b.ticketOf(b.endpoint.Address()))
		err := b.Spool.Update(t.Context(), func(tx *spool.Tx) error { return tx.Put(ticketSpace, b.endpoint.Address(), sealed) })
		if err != nil {
			t.Fatal(err)
		}
		b.clock = b.clock.Add(time.Minute)
		if rep := b.run(); rep.Delivery.Err != nil || b.resumed() {
			t.Errorf("%+v, resumed %v", rep.Delivery, b.resumed())
		}
		if bytes.Equal(b.ticketOf(b.endpoint.Address()), sealed) {
			t.Error("it was not replaced")
		}
	}
}

func TestOnlyTheTicketOfThePresentEndpointIsKept(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: modern, Schedule: checks("a"), Resume: true})
	b.run()
	other, err := transporttest.Listen(transporttest.Script{Features: modern, Schedule: checks("a"), Resume: true})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	b.Endpoints = []string{other.Address()}
	b.TLS.Pins = append(b.TLS.Pins, other.Pin())
	b.clock = b.clock.Add(time.Minute)
	if rep := b.run(); rep.Delivery.Err != nil || b.resumed() {
		t.Errorf("%+v, resumed %v", rep.Delivery, b.resumed())
	}
	if b.ticketOf(b.endpoint.Address()) != nil || b.ticketOf(other.Address()) == nil {
		t.Error("the ticket of an endpoint that is no longer used is still there, or the new one is not")
	}
}

// A server that wants its session forgotten is not shown it again, in this run or the next.
func TestATicketIsForgotten(t *testing.T) {
	b := newBench(t, transporttest.Script{})
	kept := tickets{endpoint: "a:1", was: []byte("old")}
	if string(kept.Ticket("a:1")) != "old" || kept.Ticket("b:1") != nil {
		t.Errorf("%q, %q", kept.Ticket("a:1"), kept.Ticket("b:1"))
	}
	kept.KeepTicket("a:1", nil)
	if kept.Ticket("a:1") != nil {
		t.Errorf("%q", kept.Ticket("a:1"))
	}
	err := b.Spool.Update(t.Context(), func(tx *spool.Tx) error {
		if err := tx.Put(ticketSpace, "a:1", []byte("old")); err != nil {
			return err
		}
		_, err := kept.keepIn(tx, "a:1")
		return err
	})
	if err != nil || b.ticketOf("a:1") != nil {
		t.Errorf("%q, %v", b.ticketOf("a:1"), err)
	}
}

// A ticket alone is worth no commit.
func TestARunWithNothingToSettleWritesNoTicket(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: modern, Schedule: checks("a"), Resume: true})
	b.run()
	before := b.ticketOf(b.endpoint.Address())
	if d := b.flush(Selection{}); d.Delivered != 0 {
		t.Fatalf("%+v", d)
	}
	if !bytes.Equal(b.ticketOf(b.endpoint.Address()), before) {
		t.Error("a commit for a ticket")
	}
}
