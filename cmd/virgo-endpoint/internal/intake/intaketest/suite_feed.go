package intaketest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// A FeedStore is what RunFeed tests together.
type FeedStore interface {
	Store
	intake.Feed
}

// RunFeed tests an implementation of [intake.Feed]. create makes an empty store, which can be opened several times.
func RunFeed(t *testing.T, create func(t *testing.T) (open func(t *testing.T) FeedStore)) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, open func(t *testing.T) FeedStore)
	}{
		{"Empty", testFeedEmpty},
		{"OrderOfArrival", testFeedOrder},
		{"Limits", testFeedLimits},
		{"Copies", testFeedCopies},
		{"ErrorOfCallback", testFeedError},
		{"OtherProcesses", testFeedOpenings},
		{"Numbers", testFeedNumbers},
		{"BesideWriters", testFeedBesideWriters},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, create(t)) })
	}
}

// Fed returns what After passes on, as agents and result ids, and the place behind it.
func Fed(t testing.TB, s intake.Feed, seq int64, limit int) (list []string, next, lost int64) {
	t.Helper()
	next, lost, err := s.After(t.Context(), seq, limit, func(_ intake.AgentNumber, r *intake.Result) error {
		list = append(list, r.AgentID+"/"+r.ResultID)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list, next, lost
}

func wantFed(t *testing.T, s intake.Feed, seq int64, limit int, want string, wantNext int64) {
	t.Helper()
	list, next, lost := Fed(t, s, seq, limit)
	if got := strings.Join(list, " "); got != want || next != wantNext || lost != 0 {
		t.Errorf("behind %d, at most %d: %q up to %d, %d lost; want %q up to %d", seq, limit, got, next, lost, want, wantNext)
	}
}

func wantNewest(t *testing.T, s intake.Feed, want int64) {
	t.Helper()
	if seq, err := s.Newest(t.Context()); err != nil || seq != want {
		t.Errorf("the newest is %d, %v; want %d", seq, err, want)
	}
}

func testFeedEmpty(t *testing.T, open func(t *testing.T) FeedStore) {
	s := open(t)
	wantNewest(t, s, 0)
	wantFed(t, s, 0, 10, "", 0)
	_, _, access := NewToken(t, s)
	put(t, s, intake.Arrival{AgentID: "a", Access: access, Received: epoch, Hello: &intake.Hello{Name: "n"}})
	wantNewest(t, s, 0)
	wantFed(t, s, 0, 10, "", 0)
}

// Results come as they arrived, whatever their times are.
func testFeedOrder(t *testing.T, open func(t *testing.T) FeedStore) {
	s := open(t)
	_, _, access := NewToken(t, s)
	var want []string
	for i := range 40 {
		var batch []intake.Arrival
		for k := range 3 {
			a := arrival(access, []string{"b", "a", "web1"}[k], fmt.Sprint(i*3+k))
			a.Received = epoch.Add(time.Duration(i) * time.Minute)
			a.Results[0].Time = epoch.Add(-time.Duration(i*i) * time.Hour)
			second := a.Results[0]
			second.ResultID += "+"
			a.Results = append(a.Results, second)
			batch = append(batch, a)
			for _, r := range a.Results {
				want = append(want, a.AgentID+"/"+r.ResultID)
			}
		}
		put(t, s, batch...)
	}
	last := int64(len(want))
	wantNewest(t, s, last)
	for _, from := range []int64{0, 1, 5, 100, last - 1, last} {
		wantFed(t, s, from, 1000, strings.Join(want[from:], " "), last)
	}
	var before int64
	numbers := map[string]intake.AgentNumber{}
	_, _, err := s.After(t.Context(), 0, 1000, func(agent intake.AgentNumber, r *intake.Result) error {
		if r.Seq <= before || agent == 0 {
			t.Errorf("%d of agent %d comes behind %d", r.Seq, agent, before)
		}
		before, numbers[r.AgentID] = r.Seq, agent
		return nil
	})
	if err != nil || len(numbers) != 3 || numbers["a"] == numbers["b"] {
		t.Errorf("%v, %v", numbers, err)
	}
}

func testFeedLimits(t *testing.T, open func(t *testing.T) FeedStore) {
	s := open(t)
	_, _, access := NewToken(t, s)
	for i := range 5 {
		put(t, s, arrival(access, "a", fmt.Sprint(i)))
	}
	wantFed(t, s, 0, 2, "a/0 a/1", 2)
	wantFed(t, s, 2, 2, "a/2 a/3", 4)
	wantFed(t, s, 4, 2, "a/4", 5)
	wantFed(t, s, 5, 2, "", 5)
	wantFed(t, s, 3, 0, "", 3)
	wantFed(t, s, 99, 2, "", 99) // of another store: it does not go back
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if next, _, err := s.After(ctx, 1, 2, func(intake.AgentNumber, *intake.Result) error { return nil }); !errors.Is(err, context.Canceled) || next != 1 {
		t.Errorf("cancelled: %d, %v", next, err)
	}
}

func testFeedCopies(t *testing.T, open func(t *testing.T) FeedStore) {
	s := open(t)
	_, _, access := NewToken(t, s)
	put(t, s, arrival(access, "a", "1"), arrival(access, "a", "1"))
	put(t, s, arrival(access, "a", "1"))
	put(t, s, arrival(access, "b", "1"))
	wantFed(t, s, 0, 10, "a/1 b/1", 2)
}

// What the callback refuses comes again, and nothing behind it is passed over.
func testFeedError(t *testing.T, open func(t *testing.T) FeedStore) {
	s := open(t)
	_, _, access := NewToken(t, s)
	for i := range 5 {
		put(t, s, arrival(access, "a", fmt.Sprint(i)))
	}
	stop := errors.New("stop")
	next, _, err := s.After(t.Context(), 1, 10, func(_ intake.AgentNumber, r *intake.Result) error {
		if r.Seq == 4 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || next != 3 {
		t.Errorf("%d, %v", next, err)
	}
	wantFed(t, s, next, 10, "a/3 a/4", 5)
}

// What one process stores, the others pass on; a place is the same for all of them.
func testFeedOpenings(t *testing.T, open func(t *testing.T) FeedStore) {
	one, other := open(t), open(t)
	_, _, access := NewToken(t, one)
	put(t, one, arrival(access, "a", "1"))
	wantFed(t, other, 0, 10, "a/1", 1)
	put(t, other, arrival(access, "a", "2"), arrival(access, "b", "1"))
	put(t, one, arrival(access, "b", "2"))
	wantFed(t, one, 1, 10, "a/2 b/1 b/2", 4)
	wantFed(t, open(t), 1, 10, "a/2 b/1 b/2", 4)
	wantNewest(t, other, 4)
}

// An agent's number stays when its key and its name change; the results have the name of now.
func testFeedNumbers(t *testing.T, open func(t *testing.T) FeedStore) {
	s := open(t)
	_, _, access := NewToken(t, s)
	put(t, s, arrival(access, "a", "1"), arrival(access, "b", "1"))
	number := func(id string) intake.AgentNumber {
		t.Helper()
		agents, err := s.Agents(t.Context(), id)
		if err != nil || len(agents) != 1 || agents[0].Number == 0 {
			t.Fatalf("%q: %+v, %v", id, agents, err)
		}
		return agents[0].Number
	}
	a := number("a")
	if number("b") == a {
		t.Error("two agents have one number")
	}
	if err := errors.Join(s.RenameAgent(t.Context(), "a", "c"), s.ResetAgent(t.Context(), "c")); err != nil {
		t.Fatal(err)
	}
	if number("c") != a {
		t.Error("the number changed with the name")
	}
	wantFed(t, s, 0, 10, "c/1 b/1", 2)
	_, _, err := s.After(t.Context(), 0, 1, func(agent intake.AgentNumber, _ *intake.Result) error {
		if agent != a {
			t.Errorf("the result is of %d, the agent is %d", agent, a)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Whoever reads while others write gets each result once.
func testFeedBesideWriters(t *testing.T, open func(t *testing.T) FeedStore) {
	s := open(t)
	_, _, access := NewToken(t, s)
	const writers, each = 3, 30
	agents := [writers]string{"a", "b", "c"}
	var all sync.WaitGroup
	for _, agent := range agents {
		all.Go(func() {
			for i := range each {
				if _, err := s.Append(t.Context(), []intake.Arrival{arrival(access, agent, fmt.Sprint(i))}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	got := map[string]int{}
	var at int64
	read := func() {
		list, next, lost := Fed(t, s, at, 7)
		for _, one := range list {
			agent, id, _ := strings.Cut(one, "/")
			if id != fmt.Sprint(got[agent]) {
				t.Errorf("result %s of %s comes as number %d", id, agent, got[agent])
			}
			got[agent]++
		}
		if lost != 0 || next < at {
			t.Errorf("%d lost; from %d to %d", lost, at, next)
		}
		at = next
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	for writing := true; writing; {
		select {
		case <-done:
			writing = false
		default:
		}
		read()
	}
	for before := int64(-1); before != at; {
		before = at
		read()
	}
	for _, agent := range agents {
		if got[agent] != each {
			t.Errorf("%d results of %s, want %d", got[agent], agent, each)
		}
	}
}
