package main

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"

	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/shorttext"
	"virgo/transport/agentkey"
)

type agentsCmd struct {
	List   agentsListCmd   `cmd:"" default:"withargs" help:"List the agents, and what is wrong with them."`
	Add    agentsAddCmd    `cmd:"" help:"Register keys of agents, without a token."`
	Show   agentsShowCmd   `cmd:"" help:"Show one agent: its checks with their latest results, and all that is known about it."`
	Tag    agentsTagCmd    `cmd:"" help:"Add tags to an agent, or remove them."`
	Rename agentsRenameCmd `cmd:"" help:"Give an agent another id; its key and results stay its own."`
	Revoke agentsRevokeCmd `cmd:"" help:"End an agent's access at once, also for a running server."`
	Reset  agentsResetCmd  `cmd:"" help:"Forget an agent's key, so that its host can enrol anew with a token."`
	Remove agentsRemoveCmd `cmd:"" help:"Forget an agent; its stored results stay."`
}

type agentsRenameCmd struct {
	ID    string `arg:"" help:"The agent's id."`
	NewID string `arg:"" name:"new-id" help:"Its new id."`
}

func (agentsRenameCmd) Help() string {
	return "Set agent_id on the host too: until then it is refused, and told its new id. " +
		"Legacy tokens that name the agent name the new id from now on."
}

type agentsRevokeCmd struct {
	ID string `arg:"" help:"The agent's id."`
}

func (agentsRevokeCmd) Help() string {
	return "No hello and no request of the agent is accepted any more, whatever its key and token; its open sessions end with " +
		"their next request. agents reset lifts it: then the host has to enrol anew."
}

type agentsResetCmd struct {
	ID string `arg:"" help:"The agent's id."`
}

func (agentsResetCmd) Help() string {
	return "For a host that was set up anew, that lost its key, or whose agent is of a version without keys again. " +
		"The next host that says hello under this id with a valid token gets it, so make sure that it is the right one: " +
		"token add --id ID makes a token for this agent alone."
}

type agentsRemoveCmd struct {
	ID string `arg:"" help:"The agent's id."`
}

func (agentsRemoveCmd) Help() string {
	return "Its key is forgotten, its open sessions end, and tokens of earlier versions are not for it any more. " +
		"A host that enrols under this id later is listed again."
}

// A changeDocument is the outcome of a change of an agent.
type changeDocument struct {
	document
	AgentID string `json:"agent_id"`
	Done    string `json:"done"`
	// Key is the fingerprint of its key; null if it has none.
	Key *string `json:"key"`
}

// changed prints the outcome of a change.
func (a *app) changed(done, agentID string, key ed25519.PublicKey, more ...string) error {
	if a.JSON {
		doc := changeDocument{document{schemaVersion}, agentID, done, nil}
		if key != nil {
			name := agentkey.Fingerprint(key)
			doc.Key = &name
		}
		return a.printJSON(doc)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s\n", done, shorttext.Sanitize(agentID))
	for _, line := range more {
		fmt.Fprintf(&b, "  %s\n", shorttext.Sanitize(line))
	}
	return a.print(b.Bytes())
}

func (c *agentsRenameCmd) Run(a *app) error {
	return a.changeAgents(c.ID, func(_ *store.Store, ad *admin.Admin, by watch.Actor) error {
		if err := ad.RenameAgent(a.ctx, by, c.ID, c.NewID, admin.Match{Any: true}); err != nil {
			return err
		}
		more := []string{"on its host: agent_id: " + shorttext.Sanitize(c.NewID)}
		if file := a.scheduleOf(c.ID); file != "" {
			more = append(more, "its schedule is still under the old id: rename "+shorttext.QuoteShell(file))
		}
		return a.changed("renamed", c.NewID, nil, more...)
	})
}

// scheduleOf returns the file with the checks of an agent alone; empty if it has none.
func (a *app) scheduleOf(agentID string) string {
	dir, err := a.folder()
	if err != nil {
		return ""
	}
	schedules := folder.NewSchedules(dir.SchedulesDir(), slog.New(slog.DiscardHandler), a.now)
	file, _, _ := schedules.Mistakes(agentID)
	if other, _, _ := schedules.Mistakes(""); file == other { // the default
		return ""
	}
	return filepath.Join(dir.SchedulesDir(), file)
}

func (c *agentsRevokeCmd) Run(a *app) error {
	return a.changeAgents(c.ID, func(_ *store.Store, ad *admin.Admin, by watch.Actor) error {
		if err := ad.RevokeAgent(a.ctx, by, c.ID, admin.Match{Any: true}); err != nil {
			return err
		}
		return a.changed("revoked", c.ID, nil)
	})
}

func (c *agentsResetCmd) Run(a *app) error {
	return a.changeAgents(c.ID, func(_ *store.Store, ad *admin.Admin, by watch.Actor) error {
		if err := ad.ResetAgent(a.ctx, by, c.ID, admin.Match{Any: true}); err != nil {
			return err
		}
		return a.changed("reset", c.ID, nil, "a token for it: virgo-endpoint token add --dir "+shorttext.QuoteShell(a.Dir)+
			" --id "+shorttext.QuoteShell(c.ID))
	})
}

func (c *agentsRemoveCmd) Run(a *app) error {
	return a.changeAgents(c.ID, func(_ *store.Store, ad *admin.Admin, by watch.Actor) error {
		if err := ad.RemoveAgent(a.ctx, by, c.ID, admin.Match{Any: true}); err != nil {
			return err
		}
		return a.changed("removed", c.ID, nil)
	})
}

// changeAgents has do change an agent, which is recorded, and gives its errors their hints.
func (a *app) changeAgents(agentID string, do func(*store.Store, *admin.Admin, watch.Actor) error) error {
	return a.withAgents(agentID, func(st *store.Store) error {
		return a.administer(st, func(ad *admin.Admin, by watch.Actor) error { return do(st, ad, by) })
	})
}

// withAgents opens the store for something about an agent, and gives its errors their hints.
func (a *app) withAgents(agentID string, do func(*store.Store) error) error {
	st, err := a.store()
	if err != nil {
		return err
	}
	defer st.Close()
	err = do(st)
	dir := shorttext.QuoteShell(a.Dir)
	switch {
	case errors.Is(err, intake.ErrNoSuchAgent):
		return &failure{exitUsage, err, a.nearAgent(st, agentID)}
	case errors.Is(err, intake.ErrOtherKey), errors.Is(err, intake.ErrRevoked):
		return &failure{exitUsage, err, "virgo-endpoint agents reset --dir " + dir + " " + shorttext.QuoteShell(cmp.Or(agentID, "ID")) +
			" forgets what is registered"}
	case errors.Is(err, intake.ErrKeyElsewhere), errors.Is(err, intake.ErrAgentExists), errors.Is(err, intake.ErrBadAgentID):
		return &failure{exitUsage, err, "virgo-endpoint agents --dir " + dir + " lists all"}
	}
	return a.explain(err)
}

// nearAgent returns the hint for an id that no agent has.
func (a *app) nearAgent(st *store.Store, agentID string) string {
	list, err := st.Agents(a.ctx, "")
	if err != nil {
		return ""
	}
	ids := make([]string, len(list))
	for i := range list {
		ids[i] = list[i].ID
	}
	hint := "virgo-endpoint agents --dir " + shorttext.QuoteShell(a.Dir) + " lists all"
	if near := shorttext.Nearest(agentID, ids); near != "" {
		hint = fmt.Sprintf("did you mean %q? %s", shorttext.Sanitize(near), hint)
	}
	return strings.TrimSpace(hint)
}
