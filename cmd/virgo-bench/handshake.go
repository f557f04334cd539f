package main

import (
	"context"
	"fmt"
	"time"

	"virgo/transport"
)

// handshakes is how many sessions of either kind are opened for one figure.
const handshakes = 200

// handshake compares sessions that begin with a full TLS handshake with sessions that resume the one before: the
// processor time of this process, which is the agent's side, and of the endpoint's, for a whole session of
// connecting, hello and goodbye.
func (b *bench) handshake(r *report) error {
	if _, err := cpuOf(b.server.Process.Pid); err != nil {
		return nil // this system does not tell
	}
	var full, resumed []sides
	for range b.cli.Runs {
		f, err := b.sessions(nil)
		if err != nil {
			return err
		}
		t, err := b.sessions(&ticket{})
		if err != nil {
			return err
		}
		full, resumed = append(full, f), append(resumed, t)
	}
	row := func(what string, list []sides, side func(sides) float64) {
		r.add("a session with "+what, median(column(list, side)), "ms")
	}
	row("a full handshake: agent's CPU", full, func(s sides) float64 { return s.agent })
	row("a resumed one: agent's CPU", resumed, func(s sides) float64 { return s.agent })
	row("a full handshake: endpoint's CPU", full, func(s sides) float64 { return s.endpoint })
	row("a resumed one: endpoint's CPU", resumed, func(s sides) float64 { return s.endpoint })
	return nil
}

// sides is the processor time of one session, ms.
type sides struct{ agent, endpoint float64 }

// sessions opens and ends sessions one after the other.
func (b *bench) sessions(tickets *ticket) (sides, error) {
	dialer := transport.Dialer{Endpoints: []string{b.address}, TLS: transport.TLSConfig{Pins: []string{b.pin}}}
	if tickets != nil {
		dialer.Tickets = tickets
		dialer.TLS.TicketSecret = func() (string, error) { return b.token, nil }
	}
	if err := b.session(&dialer, false); err != nil { // the first is a full one in any case
		return sides{}, err
	}
	pid := b.server.Process.Pid
	endpoint, err := cpuOf(pid)
	if err != nil {
		return sides{}, err
	}
	agent := cpuOfSelf()
	for range handshakes {
		if err := b.session(&dialer, tickets != nil); err != nil {
			return sides{}, err
		}
	}
	endpointAfter, err := cpuOf(pid)
	each := func(d time.Duration) float64 { return float64(d) / handshakes / float64(time.Millisecond) }
	return sides{each(cpuOfSelf() - agent), each(endpointAfter - endpoint)}, err
}

func (b *bench) session(dialer *transport.Dialer, resumed bool) error {
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	conn, _, err := dialer.Dial(ctx)
	if err != nil {
		return err
	}
	if got := transport.Resumed(conn); got != resumed {
		conn.Close()
		return fmt.Errorf("a session was resumed: %v, want %v", got, resumed)
	}
	s := transport.Start(ctx, conn, transport.Identity{AgentID: "handshakes", AgentName: "virgo", Token: b.token},
		transport.SessionOptions{Pipelined: true})
	if _, err := s.Welcome(ctx); err != nil {
		return err
	}
	return s.Close(ctx)
}

// A ticket keeps the latest in memory. It is used by one session at a time.
type ticket struct{ sealed []byte }

func (t *ticket) Ticket(string) []byte               { return t.sealed }
func (t *ticket) WantsTicket(string) bool            { return true }
func (t *ticket) KeepTicket(_ string, sealed []byte) { t.sealed = sealed }
