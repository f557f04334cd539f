package admin

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/transport/agentkey"
)

// agent returns one agent. Error: intake.ErrNoSuchAgent.
func (a *Admin) agent(ctx context.Context, id string) (*intake.Agent, error) {
	list, err := a.Agents.Agents(ctx, id)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 || !list[0].Who.Removed.IsZero() {
		return nil, fmt.Errorf("%w: %q", intake.ErrNoSuchAgent, id)
	}
	return &list[0], nil
}

// AgentETag is that of who an agent is: its id, key and whether it is revoked.
func AgentETag(ag *intake.Agent) string { return etagOf(agentSummary(ag)) }

// TagsETag is that of an agent's tags, which are sorted.
func TagsETag(tags []string) string { return etagOf([]byte(strings.Join(tags, " "))) }

func agentSummary(ag *intake.Agent) []byte {
	var out struct {
		ID      string `json:"agent_id"`
		Key     string `json:"key,omitempty"`
		Revoked int64  `json:"revoked_ms,omitempty"`
	}
	out.ID = ag.ID
	if ag.Who.Key != nil {
		out.Key = agentkey.Fingerprint(ag.Who.Key)
	}
	if !ag.Who.Revoked.IsZero() {
		out.Revoked = ag.Who.Revoked.UnixMilli()
	}
	data, err := json.Marshal(out)
	if err != nil {
		return nil
	}
	return data
}

// Tags returns an agent's tags, and their ETag.
func (a *Admin) Tags(ctx context.Context, id string) (tags []string, etag string, err error) {
	ag, err := a.agent(ctx, id)
	if err != nil {
		return nil, "", err
	}
	return ag.Who.Tags, TagsETag(ag.Who.Tags), nil
}

// Tag adds tags to an agent, removes others and returns all. Errors: those of intake.Keys.TagAgent.
func (a *Admin) Tag(ctx context.Context, by watch.Actor, id string, add, remove []string) ([]string, error) {
	return a.changeTags(ctx, by, id, Match{Any: true}, func([]string) (added, removed []string) { return add, remove })
}

// PutTags replaces the tags of an agent. Errors: *Changed, and those of Tag.
func (a *Admin) PutTags(ctx context.Context, by watch.Actor, id string, tags []string, m Match) ([]string, error) {
	return a.changeTags(ctx, by, id, m, func(present []string) (add, remove []string) {
		return tags, slices.DeleteFunc(slices.Clone(present), func(t string) bool { return slices.Contains(tags, t) })
	})
}

func (a *Admin) changeTags(ctx context.Context, by watch.Actor, id string, m Match,
	change func(present []string) (add, remove []string)) ([]string, error) {
	unlock, err := a.begin(by, watch.TagsScope)
	if err != nil {
		return nil, err
	}
	defer unlock()
	ag, err := a.agent(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := m.check(TagsETag(ag.Who.Tags)); err != nil {
		return nil, err
	}
	add, remove := change(ag.Who.Tags)
	after, err := intake.ChangeTags(ag.Who.Tags, add, remove)
	if err != nil {
		return nil, err
	}
	r := record{"tag agent", id, []byte(strings.Join(ag.Who.Tags, " ")), []byte(strings.Join(after, " "))}
	return after, a.do(ctx, by, r, func() error {
		after, err = a.Keys.TagAgent(ctx, id, add, remove)
		return err
	})
}

// RenameAgent gives an agent another id. Errors: *Changed, and those of intake.Keys.RenameAgent.
func (a *Admin) RenameAgent(ctx context.Context, by watch.Actor, from, to string, m Match) error {
	return a.changeAgent(ctx, by, "rename agent", from, []byte(to), m, func() error { return a.Keys.RenameAgent(ctx, from, to) },
		func() error {
			if err := intake.CheckAgentID(to); err != nil {
				return err
			}
			if _, err := a.agent(ctx, to); err == nil {
				return fmt.Errorf("%w: %q", intake.ErrAgentExists, to)
			} else if !errors.Is(err, intake.ErrNoSuchAgent) {
				return err
			}
			return nil
		})
}

// RevokeAgent ends an agent's access. Errors: *Changed, intake.ErrNoSuchAgent.
func (a *Admin) RevokeAgent(ctx context.Context, by watch.Actor, id string, m Match) error {
	return a.changeAgent(ctx, by, "revoke agent", id, nil, m, func() error { return a.Keys.RevokeAgent(ctx, id, a.Now()) }, nil)
}

// ResetAgent deletes an agent's key, so that its host can enrol anew. Errors: *Changed, intake.ErrNoSuchAgent.
func (a *Admin) ResetAgent(ctx context.Context, by watch.Actor, id string, m Match) error {
	return a.changeAgent(ctx, by, "reset agent", id, nil, m, func() error { return a.Keys.ResetAgent(ctx, id) }, nil)
}

// RemoveAgent forgets an agent, and what it was asked and answered; its results stay. Errors: *Changed, intake.ErrNoSuchAgent.
func (a *Admin) RemoveAgent(ctx context.Context, by watch.Actor, id string, m Match) error {
	return a.changeAgent(ctx, by, "remove agent", id, nil, m, func() error {
		ag, err := a.agent(ctx, id)
		if err != nil {
			return err
		}
		if err := a.Keys.RemoveAgent(ctx, id, a.Now()); err != nil {
			return err
		}
		return a.HostInfo.Forget(ctx, ag.Number)
	}, nil)
}

// changeAgent changes an agent that exists. check may be nil; it says what else must hold.
func (a *Admin) changeAgent(ctx context.Context, by watch.Actor, action, id string, after []byte, m Match, change, check func() error) error {
	unlock, err := a.begin(by, watch.AgentsScope)
	if err != nil {
		return err
	}
	defer unlock()
	ag, err := a.agent(ctx, id)
	if err != nil {
		return err
	}
	if err := m.check(AgentETag(ag)); err != nil {
		return err
	}
	if check != nil {
		if err := check(); err != nil {
			return err
		}
	}
	return a.do(ctx, by, record{action, id, agentSummary(ag), after}, change)
}

// AddKey registers a key for an agent that has none. Errors: those of intake.Keys.AddKey.
func (a *Admin) AddKey(ctx context.Context, by watch.Actor, id string, key ed25519.PublicKey) error {
	unlock, err := a.begin(by, watch.AgentsScope)
	if err != nil {
		return err
	}
	defer unlock()
	r := record{action: "register key", object: id, after: []byte(agentkey.Fingerprint(key))}
	return a.do(ctx, by, r, func() error {
		_, err := a.Keys.AddKey(ctx, id, key, a.Now())
		return err
	})
}

// AddKeys registers many keys at once, in one record; register returns how many are.
func (a *Admin) AddKeys(ctx context.Context, by watch.Actor, keys int, register func() (int, error)) (n int, err error) {
	unlock, err := a.begin(by, watch.AgentsScope)
	if err != nil {
		return 0, err
	}
	defer unlock()
	err = a.do(ctx, by, record{action: "register keys", object: fmt.Sprintf("%d keys", keys)}, func() error {
		n, err = register()
		return err
	})
	return n, err
}
