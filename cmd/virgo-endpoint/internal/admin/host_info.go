package admin

import (
	"context"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

// AskHost has a host asked for one type of host information, in its next session. What it answers is up to the host's
// owner. Errors: intake.ErrNoSuchAgent, *Invalid, watch.ErrTooManyQuestions.
func (a *Admin) AskHost(ctx context.Context, by watch.Actor, id, name string) error {
	if err := a.may(by, watch.AgentsScope); err != nil {
		return err
	}
	ag, err := a.agent(ctx, id)
	if err != nil {
		return err
	}
	if !watch.ValidInfoType(name) {
		return invalid("%q is no type of host information: small letters, digits, _", name)
	}
	// Without the lock: nobody else's change is overwritten.
	return a.do(ctx, by, record{action: "ask host", object: name + " of " + id}, func() error {
		return a.HostInfo.Ask(ctx, watch.Question{Agent: ag.Number, Type: name, AgentID: id, Asked: a.Now(), By: by.Name})
	})
}
