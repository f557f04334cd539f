//go:build unix

package store

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
	"virgo/transport/receipt"
)

// fleetSize is the number of agents of these benchmarks, perBatch how many sessions share a commit.
const fleetSize, perBatch = 1000, 16

// A fleet makes arrivals as a server gets them from agents with keys: sessions of seven captured results with
// other numbers.
type fleet struct {
	templates [][]byte
	keys      []AgentKey
	access    []intake.Access // of newFleet's agents
	rnd       *rand.Rand
	order     uint64
	session   uint64
}

func newFleet(b *testing.B, s *Store) *fleet {
	b.Helper()
	f := registerFleet(b, s, fleetSize)
	for i := range fleetSize {
		f.access = append(f.access, f.admit(b, s, i))
	}
	return f
}

// registerFleet makes a fleet that was never seen.
func registerFleet(b *testing.B, s *Store, size int) *fleet {
	b.Helper()
	data, err := os.ReadFile("segment/testdata/session.jsonl")
	if err != nil {
		b.Fatal(err)
	}
	f := &fleet{templates: bytes.Split(bytes.TrimSpace(data), []byte("\n")), rnd: rand.New(rand.NewPCG(1, 2))}
	for i := range size {
		key := bytes.Clone(intaketest.Key(byte(i)))
		key[0], key[1], key[2] = byte(i), byte(i>>8), byte(i>>16)
		f.keys = append(f.keys, AgentKey{agentName(i), key})
	}
	if _, err := s.AddKeys(b.Context(), f.keys, begun); err != nil {
		b.Fatal(err)
	}
	return f
}

// admit is the hello of a session.
func (f *fleet) admit(b *testing.B, s *Store, agent int) intake.Access {
	a, err := s.Admit(context.Background(), intake.Claim{AgentID: agentName(agent), Key: f.keys[agent].Key, Proven: true,
		Session: f.session + 1, Now: begun})
	if err != nil {
		b.Fatal(err)
	}
	return a.Access
}

var begun = time.UnixMilli(1_800_000_000_000)

func agentName(i int) string { return fmt.Sprintf("host%04d", i) }

// arrival is a session of an agent.
func (f *fleet) arrival(agent int, access intake.Access, at time.Time) intake.Arrival {
	f.session++
	start := f.rnd.Uint64()
	a := intake.Arrival{AgentID: agentName(agent), Access: access, Received: at,
		Hello: &intake.Hello{Name: "host", ProcessVersion: "1.4.0", BundleVersion: "1.4.0", Remote: "192.0.2.1:55555", Session: f.session}}
	for _, template := range f.templates {
		f.order++
		id, order := receipt.ID(agentName(agent), start, f.order), f.order
		params := bytes.Replace(template, []byte("web1/6c641f0dca31f1c8-"), []byte(id+"x"), 1)
		params = bytes.Replace(params, []byte(`"timestamp":1795911886986`), strconv.AppendInt([]byte(`"timestamp":`), at.UnixMilli(), 10), 1)
		for i, c := range params { // other digits, in about every fifth place
			if c >= '0' && c <= '9' && i > 250 && f.rnd.IntN(5) == 0 {
				params[i] = byte('0' + f.rnd.IntN(10))
			}
		}
		a.Results = append(a.Results, intake.Result{ResultID: id, CheckID: fmt.Sprint("check", f.order%7), CheckType: "agent.cpu",
			State: "available", Status: "success", Time: at, Received: at, Order: &order, Params: params})
	}
	return a
}

func BenchmarkAppendSessions(b *testing.B) {
	s := newStore(b)
	f := newFleet(b, s)
	at := begun
	var cpu time.Duration
	for n := 0; n < b.N; n += perBatch {
		var batch []intake.Arrival
		for i := range perBatch {
			at = at.Add(time.Minute / fleetSize)
			batch = append(batch, f.arrival((n+i)%fleetSize, f.access[(n+i)%fleetSize], at))
		}
		before := used(b)
		if _, err := s.Append(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
		cpu += used(b) - before
	}
	b.ReportMetric(float64(cpu.Microseconds())/float64(b.N), "cpu-µs/session")
}

// BenchmarkSessions is admission and storage of sessions: the first of each agent, and those of agents that have
// results in the open segment. As in a server, the process maintains the store, and no context ends.
func BenchmarkSessions(b *testing.B) {
	sessions := func(b *testing.B, agents, first int) {
		s := newStore(b)
		s.segments.setMaintainer(true)
		f := registerFleet(b, s, agents)
		at := begun
		var cpu time.Duration
		for n := -first; n < b.N; n += perBatch {
			if n >= 0 && n < perBatch {
				cpu = 0
			}
			var access []intake.Access
			before := used(b)
			for i := range perBatch {
				access = append(access, f.admit(b, s, (first+n+i)%agents))
			}
			cpu += used(b) - before
			var batch []intake.Arrival
			for i := range perBatch {
				at = at.Add(time.Minute / fleetSize)
				batch = append(batch, f.arrival((first+n+i)%agents, access[i], at))
			}
			before = used(b)
			if _, err := s.Append(context.Background(), batch); err != nil {
				b.Fatal(err)
			}
			cpu += used(b) - before
		}
		b.ReportMetric(float64(cpu.Microseconds())/float64(b.N), "cpu-µs/session")
	}
	b.Run("First", func(b *testing.B) { sessions(b, b.N+perBatch, 0) })
	b.Run("Later", func(b *testing.B) { sessions(b, fleetSize, fleetSize) })
}

func used(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRead reads a store with a day of results: 100,000 sessions of 1,000 agents, so 100 of each.
func BenchmarkRead(b *testing.B) {
	s := newStore(b)
	f := newFleet(b, s)
	at := begun
	for n := 0; n < 100_000; n += 1000 {
		var batch []intake.Arrival
		for i := range 1000 {
			at = at.Add(time.Minute / fleetSize)
			batch = append(batch, f.arrival((n+i)%fleetSize, f.access[(n+i)%fleetSize], at))
		}
		if _, err := s.Append(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("Agents", func(b *testing.B) {
		for b.Loop() {
			if list, err := s.Agents(b.Context(), ""); err != nil || len(list) != fleetSize {
				b.Fatal(len(list), err)
			}
		}
	})
	read := func(name string, want int, filter intake.Filter) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				n := 0
				if err := s.Results(b.Context(), filter, func(intake.Result) error { n++; return nil }); err != nil || n != want {
					b.Fatal(n, err)
				}
			}
		})
	}
	read("OneAgent", 700, intake.Filter{AgentID: agentName(17), Since: at.Add(-24 * time.Hour)})
	read("Newest20", 20, intake.Filter{Limit: 20})
	b.Run("Latest", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Latest(b.Context(), ""); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Open", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Open(b.Context(), agentName(5), f.access[5], at); err != nil {
				b.Fatal(err)
			}
		}
	})
}
