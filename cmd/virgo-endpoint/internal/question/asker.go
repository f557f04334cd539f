package question

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/shorttext"
)

const (
	// tick is how often questions of other processes are looked for.
	tick = 10 * time.Second
	// askAgain is the time after which a question that was not answered is sent again; the server takes no answer after
	// two minutes.
	askAgain = 3 * time.Minute
	// maxAsked bounds how often one is sent.
	maxAsked = 5
	// storeTime bounds storing an answer, for which a connection waits.
	storeTime = 10 * time.Second
)

// Agents know the names of agents; it is a part of intake.History.
type Agents interface {
	// Agents returns what is known of one agent, or with "" of all.
	Agents(ctx context.Context, agentID string) ([]intake.Agent, error)
}

// Options are what an Asker works with. Log and Now may be nil.
type Options struct {
	Store  watch.HostInfo
	Agents Agents
	Log    *slog.Logger
	Now    func() time.Time
}

// An Asker knows what agents are to be asked. It implements server.Questions, and is safe for concurrent use.
type Asker struct {
	opt   Options
	asked atomic.Int64 // agents in waiting

	storing sync.Mutex // held while the store is read or written, before mu
	version int64      // of what was read last; -1: nothing yet

	mu      sync.Mutex
	waiting map[string][]*question // by the id that agents have now
}

// A question is one that waits.
type question struct {
	watch.Question
	sent  time.Time // the last time; zero if it was not
	times int
}

// New returns an Asker, which has no questions before Refresh or Run.
func New(opt Options) *Asker {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	return &Asker{opt: opt, version: -1}
}

// Run looks for questions of other processes until ctx is done.
func (a *Asker) Run(ctx context.Context) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		if err := errors.Join(a.Refresh(ctx), a.giveUp(ctx)); err != nil && ctx.Err() == nil {
			a.opt.Log.Error("questions for hosts could not be read or ended; it is tried again", "error", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// Refresh reads the questions if they have changed.
func (a *Asker) Refresh(ctx context.Context) error {
	a.storing.Lock()
	defer a.storing.Unlock()
	version, err := a.opt.Store.Version(ctx)
	if err != nil || version == a.version {
		return err
	}
	list, err := a.opt.Store.Waiting(ctx)
	if err != nil {
		return err
	}
	ids, err := a.idsOf(ctx, list)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	next := map[string][]*question{}
	for _, q := range list {
		id, known := ids[q.Agent]
		if !known {
			continue // the agent was removed; the question goes by its age
		}
		one := &question{Question: q}
		if was := find(a.waiting[id], q.Type); was != nil && was.Agent == q.Agent && was.Asked.Equal(q.Asked) {
			one.sent, one.times = was.sent, was.times
		}
		next[id] = append(next[id], one)
	}
	a.set(next)
	a.version = version
	return nil
}

// idsOf returns the ids that the agents of questions have now. Hardly any was renamed since, so all agents are read
// only where one was.
func (a *Asker) idsOf(ctx context.Context, list []watch.Question) (map[intake.AgentNumber]string, error) {
	ids, renamed := map[intake.AgentNumber]string{}, false
	for _, q := range list {
		if _, known := ids[q.Agent]; known {
			continue
		}
		agents, err := a.opt.Agents.Agents(ctx, q.AgentID)
		if err != nil && !errors.Is(err, intake.ErrNoSuchAgent) {
			return nil, err
		}
		if len(agents) == 1 && agents[0].Number == q.Agent {
			ids[q.Agent] = q.AgentID
		} else {
			renamed = true
		}
	}
	if !renamed {
		return ids, nil
	}
	agents, err := a.opt.Agents.Agents(ctx, "")
	if err != nil {
		return nil, err
	}
	for i := range agents {
		if agents[i].Who.Removed.IsZero() {
			ids[agents[i].Number] = agents[i].ID
		}
	}
	return ids, nil
}

// set replaces the questions. It is called with mu.
func (a *Asker) set(waiting map[string][]*question) {
	a.waiting = waiting
	a.asked.Store(int64(len(waiting)))
}

func find(list []*question, name string) *question {
	for _, q := range list {
		if q.Type == name {
			return q
		}
	}
	return nil
}

// Take implements server.Questions.
func (a *Asker) Take(agentID string) []string {
	if a.asked.Load() == 0 {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.opt.Now()
	var names []string
	for _, q := range a.waiting[agentID] {
		if q.times < maxAsked && (q.times == 0 || now.Sub(q.sent) >= askAgain || now.Before(q.sent)) {
			q.sent, q.times = now, q.times+1
			names = append(names, q.Type)
		}
	}
	return names
}

// Answer implements server.Questions.
func (a *Asker) Answer(agentID, name string, result json.RawMessage, refusal *string) {
	a.mu.Lock()
	q := find(a.waiting[agentID], name)
	if q == nil || q.times == 0 {
		a.mu.Unlock()
		return
	}
	i := watch.Info{Question: q.Question}
	a.mu.Unlock()
	if refusal != nil {
		i.Outcome, i.Error = watch.InfoRefused, *refusal
	} else {
		Read(&i, result)
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeTime)
	defer cancel()
	if err := a.settle(ctx, agentID, i); err != nil {
		a.opt.Log.Error("what a host answered could not be stored; it is asked again", "agent", agentID, "type", name, "error", err)
	}
}

// settle stores how a question ended.
func (a *Asker) settle(ctx context.Context, agentID string, i watch.Info) error {
	a.storing.Lock()
	defer a.storing.Unlock()
	i.Answered, i.Error = a.opt.Now(), shorttext.Truncate(i.Error, watch.MaxInfoError)
	if err := a.opt.Store.Settle(ctx, i); err != nil && !errors.Is(err, watch.ErrNoQuestion) {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	left := slices.DeleteFunc(a.waiting[agentID], func(q *question) bool { return q.Type == i.Type && q.Asked.Equal(i.Asked) })
	if len(left) == 0 {
		delete(a.waiting, agentID)
	} else {
		a.waiting[agentID] = left
	}
	a.set(a.waiting)
	return nil
}

// giveUp ends the questions that were sent often enough.
func (a *Asker) giveUp(ctx context.Context) error {
	type silent struct {
		agentID string
		info    watch.Info
	}
	var list []silent
	now := a.opt.Now()
	a.mu.Lock()
	for id, questions := range a.waiting {
		for _, q := range questions {
			if q.times >= maxAsked && now.Sub(q.sent) >= askAgain {
				list = append(list, silent{id, watch.Info{Question: q.Question, Outcome: watch.InfoSilent,
					Error: fmt.Sprintf("it was asked %d times", q.times)}})
			}
		}
	}
	a.mu.Unlock()
	slices.SortFunc(list, func(x, y silent) int {
		return cmp.Or(cmp.Compare(x.agentID, y.agentID), cmp.Compare(x.info.Type, y.info.Type))
	})
	for _, s := range list {
		if err := a.settle(ctx, s.agentID, s.info); err != nil {
			return err
		}
	}
	return nil
}

// Store returns the store of an Asker that knows at once of what is asked there.
func (a *Asker) Store() watch.HostInfo { return told{a.opt.Store, a} }

type told struct {
	watch.HostInfo
	asker *Asker
}

// Ask implements watch.HostInfo.
func (t told) Ask(ctx context.Context, q watch.Question) error {
	return t.then(ctx, t.HostInfo.Ask(ctx, q))
}

// Forget implements watch.HostInfo.
func (t told) Forget(ctx context.Context, agent intake.AgentNumber) error {
	return t.then(ctx, t.HostInfo.Forget(ctx, agent))
}

// then has the asker see a change, which is stored: if that fails, the next tick sees it.
func (t told) then(ctx context.Context, err error) error {
	if err != nil {
		return err
	}
	if err := t.asker.Refresh(ctx); err != nil {
		t.asker.opt.Log.Warn("a question is asked some seconds later", "error", err)
	}
	return nil
}
