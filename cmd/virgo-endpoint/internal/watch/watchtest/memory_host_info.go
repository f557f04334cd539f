package watchtest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// An infoKey names a question and its answer.
type infoKey struct {
	agent intake.AgentNumber
	name  string
}

type memoryHostInfo struct{ m *Memory }

func (h memoryHostInfo) Ask(ctx context.Context, q watch.Question) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	defer h.m.lock()()
	key := infoKey{q.Agent, q.Type}
	if _, waits := h.m.questions[key]; waits {
		return nil
	}
	n := 0
	for k := range h.m.questions {
		if k.agent == q.Agent {
			n++
		}
	}
	if n >= watch.MaxQuestions {
		return watch.ErrTooManyQuestions
	}
	q.Asked = stored(q.Asked)
	put(&h.m.questions, key, q)
	h.m.questionVersion++
	return nil
}

func (h memoryHostInfo) Waiting(ctx context.Context) ([]watch.Question, error) {
	defer h.m.lock()()
	return slices.SortedFunc(maps.Values(h.m.questions), func(a, b watch.Question) int {
		return cmp.Or(cmp.Compare(a.Agent, b.Agent), cmp.Compare(a.Type, b.Type))
	}), ctx.Err()
}

func (h memoryHostInfo) Version(ctx context.Context) (int64, error) {
	defer h.m.lock()()
	return h.m.questionVersion, ctx.Err()
}

func (h memoryHostInfo) Settle(ctx context.Context, i watch.Info) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(i.Metrics) > watch.MaxInfoBytes || len(i.Error) > watch.MaxInfoError {
		return fmt.Errorf("an answer of %d bytes with an error of %d", len(i.Metrics), len(i.Error))
	}
	defer h.m.lock()()
	key := infoKey{i.Agent, i.Type}
	q, waits := h.m.questions[key]
	if !waits {
		return watch.ErrNoQuestion
	}
	delete(h.m.questions, key)
	h.m.questionVersion++
	i.Question, i.Answered, i.Metrics, i.Bytes = q, stored(i.Answered), slices.Clone(i.Metrics), len(i.Metrics)
	put(&h.m.infos, key, i)
	list := h.of(i.Agent)
	slices.SortFunc(list, func(a, b watch.Info) int { return a.Answered.Compare(b.Answered) })
	for _, old := range list[:max(0, len(list)-watch.MaxInfos)] {
		delete(h.m.infos, infoKey{old.Agent, old.Type})
	}
	return nil
}

// of returns the answers of an agent, by type.
func (h memoryHostInfo) of(agent intake.AgentNumber) []watch.Info {
	var list []watch.Info
	for k, i := range h.m.infos {
		if k.agent == agent {
			list = append(list, i)
		}
	}
	slices.SortFunc(list, func(a, b watch.Info) int { return cmp.Compare(a.Type, b.Type) })
	return list
}

func (h memoryHostInfo) Infos(ctx context.Context, agent intake.AgentNumber) ([]watch.Info, error) {
	defer h.m.lock()()
	list := h.of(agent)
	for i := range list {
		list[i].Metrics = nil
	}
	return list, ctx.Err()
}

func (h memoryHostInfo) Info(ctx context.Context, agent intake.AgentNumber, name string) (watch.Info, error) {
	if err := ctx.Err(); err != nil {
		return watch.Info{}, err
	}
	defer h.m.lock()()
	i, ok := h.m.infos[infoKey{agent, name}]
	if !ok {
		return watch.Info{}, watch.ErrNoInfo
	}
	i.Metrics = slices.Clone(i.Metrics)
	return i, nil
}

func (h memoryHostInfo) Forget(ctx context.Context, agent intake.AgentNumber) error {
	return h.delete(ctx, func(q watch.Question) bool { return q.Agent == agent }, func(i watch.Info) bool { return i.Agent == agent })
}

func (h memoryHostInfo) DeleteOld(ctx context.Context, asked, answered time.Time) error {
	return h.delete(ctx, func(q watch.Question) bool { return q.Asked.Before(asked) }, func(i watch.Info) bool { return i.Answered.Before(answered) })
}

func (h memoryHostInfo) delete(ctx context.Context, questions func(watch.Question) bool, infos func(watch.Info) bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	defer h.m.lock()()
	maps.DeleteFunc(h.m.questions, func(_ infoKey, q watch.Question) bool { return questions(q) })
	maps.DeleteFunc(h.m.infos, func(_ infoKey, i watch.Info) bool { return infos(i) })
	h.m.questionVersion++
	return nil
}
