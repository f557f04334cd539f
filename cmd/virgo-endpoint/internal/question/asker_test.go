package question

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/cmd/virgo-endpoint/internal/watch/watchtest"
)

// A site is an Asker with two agents, everything in memory.
type site struct {
	*Asker
	t      *testing.T
	memory *watchtest.Memory
	agents *intaketest.Memory
	now    time.Time
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, memory: &watchtest.Memory{}, agents: &intaketest.Memory{}, now: time.UnixMilli(1_700_000_000_000)}
	s.Asker = New(Options{Store: s.memory.HostInfo(), Agents: s.agents, Now: func() time.Time { return s.now }})
	for i, id := range []string{"web1", "web2"} {
		if _, err := s.agents.AddKey(t.Context(), id, intaketest.Key(byte(i+1)), s.now); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// question is one of a type, for an agent.
func (s *site) question(id, name string) watch.Question {
	s.t.Helper()
	list, err := s.agents.Agents(s.t.Context(), id)
	if err != nil || len(list) != 1 {
		s.t.Fatalf("%v, %v", list, err)
	}
	return watch.Question{Agent: list[0].Number, Type: name, AgentID: id, Asked: s.now, By: "ann"}
}

func (s *site) ask(id string, names ...string) {
	s.t.Helper()
	for _, name := range names {
		if err := s.Store().Ask(s.t.Context(), s.question(id, name)); err != nil {
			s.t.Fatal(err)
		}
	}
}

// wantTaken checks what an agent is asked.
func (s *site) wantTaken(id string, names ...string) {
	s.t.Helper()
	if got := s.Take(id); !slices.Equal(got, names) {
		s.t.Errorf("%s is asked %q, want %q", id, got, names)
	}
}

// info is the answer of web1 about a type.
func (s *site) info(name string) watch.Info {
	s.t.Helper()
	i, err := s.memory.HostInfo().Info(s.t.Context(), s.question("web1", name).Agent, name)
	if err != nil {
		s.t.Fatal(err)
	}
	return i
}

func TestAskedOnceAndAnswered(t *testing.T) {
	s := newSite(t)
	s.wantTaken("web1")
	s.ask("web1", "cpu", "procs")
	s.wantTaken("web2")
	s.wantTaken("web1", "cpu", "procs")
	s.wantTaken("web1") // another session of the same host
	s.Answer("web1", "cpu", json.RawMessage(`{"metrics":[{"n":1}]}`), nil)
	s.Answer("web1", "cpu", json.RawMessage(`{"metrics":[{"n":2}]}`), nil)
	s.Answer("web2", "procs", json.RawMessage(`{"metrics":[{"n":3}]}`), nil)
	s.Answer("web1", "memory", json.RawMessage(`{"metrics":[{"n":4}]}`), nil)
	refusal := "the owner denies it" + strings.Repeat("x", watch.MaxInfoError)
	s.Answer("web1", "procs", nil, &refusal)
	if i := s.info("cpu"); i.Outcome != watch.InfoAnswered || string(i.Metrics) != `[{"n":1}]` || i.By != "ann" || !i.Answered.Equal(s.now) {
		t.Errorf("%+v", i)
	}
	if i := s.info("procs"); i.Outcome != watch.InfoRefused || !strings.HasPrefix(i.Error, "the owner denies it") {
		t.Errorf("%+v", i)
	}
	if n := s.asked.Load(); n != 0 || len(s.waiting) != 0 {
		t.Errorf("%d agents are asked", n)
	}
	s.now = s.now.Add(time.Hour)
	s.wantTaken("web1")
}

// An answer that nobody was asked for is none, also where the question waits still.
func TestAnswerBeforeTheQuestion(t *testing.T) {
	s := newSite(t)
	s.ask("web1", "cpu")
	s.Answer("web1", "cpu", json.RawMessage(`{"metrics":[]}`), nil)
	s.wantTaken("web1", "cpu")
}

func TestSilentHostIsAskedAgain(t *testing.T) {
	s := newSite(t)
	s.ask("web1", "cpu")
	for range maxAsked {
		s.wantTaken("web1", "cpu")
		s.now = s.now.Add(askAgain - 1)
		s.wantTaken("web1")
		if err := s.giveUp(t.Context()); err != nil || s.asked.Load() != 1 {
			t.Fatal("it was given up too early")
		}
		s.now = s.now.Add(1)
	}
	s.wantTaken("web1")
	if err := s.giveUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if i := s.info("cpu"); i.Outcome != watch.InfoSilent || i.Error != "it was asked 5 times" {
		t.Errorf("%+v", i)
	}
	if s.asked.Load() != 0 {
		t.Error("it is asked all the same")
	}
	// Another question is a new one.
	s.ask("web1", "cpu")
	s.wantTaken("web1", "cpu")
}

// What was sent stays sent when other questions come, and is sent again after a start.
func TestRefreshKeepsWhatWasSent(t *testing.T) {
	s := newSite(t)
	s.ask("web1", "cpu")
	s.wantTaken("web1", "cpu")
	s.ask("web1", "disk")
	s.wantTaken("web1", "disk")
	again := New(s.opt)
	if err := again.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := again.Take("web1"); !slices.Equal(got, []string{"cpu", "disk"}) {
		t.Errorf("after a start: %q", got)
	}
}

func TestRenamedAndRemovedAgents(t *testing.T) {
	s := newSite(t)
	s.ask("web1", "cpu")
	s.ask("web2", "cpu")
	if err := errors.Join(s.agents.RenameAgent(t.Context(), "web1", "web9"), s.agents.RemoveAgent(t.Context(), "web2", s.now)); err != nil {
		t.Fatal(err)
	}
	again := New(s.opt)
	if err := again.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string][]string{"web1": nil, "web9": {"cpu"}, "web2": nil} {
		if got := again.Take(id); !slices.Equal(got, want) {
			t.Errorf("%s is asked %q", id, got)
		}
	}
}

// A counting store counts what is read, and fails if it is to.
type counting struct {
	watch.HostInfo
	reads atomic.Int64
	fails atomic.Bool
}

func (c *counting) Waiting(ctx context.Context) ([]watch.Question, error) {
	c.reads.Add(1)
	return c.HostInfo.Waiting(ctx)
}

func (c *counting) Settle(ctx context.Context, i watch.Info) error {
	if c.fails.Load() {
		return errors.New("the disk is full")
	}
	return c.HostInfo.Settle(ctx, i)
}

// Questions are read when they have changed, not for each session or tick.
func TestQuestionsOfAnotherProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		store := &counting{HostInfo: s.memory.HostInfo()}
		s.Asker = New(Options{Store: store, Agents: s.agents})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.Run(ctx)
		}()
		time.Sleep(10 * tick)
		for range 1000 {
			s.wantTaken("web1")
		}
		if n := store.reads.Load(); n != 1 {
			t.Errorf("read %d times", n)
		}
		if err := s.memory.HostInfo().Ask(ctx, s.question("web1", "cpu")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(tick + 1)
		s.wantTaken("web1", "cpu")
		if n := store.reads.Load(); n != 2 {
			t.Errorf("read %d times", n)
		}
		time.Sleep(maxAsked * askAgain)
		cancel()
		<-done
	})
}

// What cannot be stored is asked again.
func TestAnswerThatCannotBeStored(t *testing.T) {
	s := newSite(t)
	store := &counting{HostInfo: s.memory.HostInfo()}
	s.Asker = New(Options{Store: store, Agents: s.agents, Now: func() time.Time { return s.now }})
	s.ask("web1", "cpu")
	s.wantTaken("web1", "cpu")
	store.fails.Store(true)
	s.Answer("web1", "cpu", json.RawMessage(`{"metrics":[]}`), nil)
	store.fails.Store(false)
	s.now = s.now.Add(askAgain)
	s.wantTaken("web1", "cpu")
	s.Answer("web1", "cpu", json.RawMessage(`{"metrics":[]}`), nil)
	if i := s.info("cpu"); i.Outcome != watch.InfoAnswered {
		t.Errorf("%+v", i)
	}
}

func TestForgottenAgentIsNotAsked(t *testing.T) {
	s := newSite(t)
	s.ask("web1", "cpu")
	if err := s.Store().Forget(t.Context(), s.question("web1", "cpu").Agent); err != nil {
		t.Fatal(err)
	}
	s.wantTaken("web1")
	if s.asked.Load() != 0 {
		t.Error("it is asked all the same")
	}
}

func TestTooManyQuestions(t *testing.T) {
	s := newSite(t)
	for i := range watch.MaxQuestions {
		s.ask("web1", fmt.Sprint("type", i))
	}
	if err := s.Store().Ask(t.Context(), s.question("web1", "cpu")); !errors.Is(err, watch.ErrTooManyQuestions) {
		t.Errorf("%v", err)
	}
	if n := len(s.Take("web1")); n != watch.MaxQuestions {
		t.Errorf("asked %d", n)
	}
}
