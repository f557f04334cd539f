package admin

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule"
)

// An AgentLister knows agents; it is a part of intake.History.
type AgentLister interface {
	// Agents returns what is known of one agent, or with "" of all.
	Agents(ctx context.Context, agentID string) ([]intake.Agent, error)
}

// Options are what an Admin works with. Hash may be nil where no passwords are set; Now may be nil.
type Options struct {
	Dir      folder.Dir
	Keys     intake.Keys
	Agents   AgentLister
	Alarms   watch.Alarms
	Audit    watch.Audit
	People   watch.People
	Settings watch.Settings
	Silences watch.Silences
	HostInfo watch.HostInfo
	// CheckRules returns the mistakes in a file of rules that is to have a name (without its ending) beside the others.
	CheckRules func(name string, data []byte) []schedule.Problem
	// Hash returns what is stored of a password. It takes time and memory on purpose.
	Hash func(ctx context.Context, password string) (string, error)
	// TestNotifier sends a message by a notifier of notify.yaml; nil where nobody is told of anything. Its errors have no secrets.
	TestNotifier func(ctx context.Context, name string) error
	Now          func() time.Time
}

// An Admin makes changes. It is safe for concurrent use, also beside those of other processes.
type Admin struct {
	Options
	mu    sync.Mutex
	rates rates
}

// New returns an Admin.
func New(opt Options) *Admin {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	return &Admin{Options: opt}
}

// Command returns who a command of the endpoint's owner is: whoever may write the folder may do all.
func Command(user string) watch.Actor {
	return watch.Actor{Kind: "command", Name: user, Scopes: watch.AllScopes()}
}

// begin looks whether an actor may do what needs one of the scopes, and locks all that can be changed.
func (a *Admin) begin(by watch.Actor, scopes ...watch.Scope) (unlock func(), err error) {
	if err := a.may(by, scopes...); err != nil {
		return nil, err
	}
	a.mu.Lock()
	release, err := a.Dir.LockChanges()
	if err != nil {
		a.mu.Unlock()
		return nil, err
	}
	return func() {
		release()
		a.mu.Unlock()
	}, nil
}

// may looks at an actor's scopes and number of changes.
func (a *Admin) may(by watch.Actor, scopes ...watch.Scope) error {
	if !by.May(scopes...) {
		return &ScopeError{scopes}
	}
	if by.Kind != "command" && !a.rates.take(by.Kind+" "+by.Name, a.Now()) {
		return ErrTooMany
	}
	return nil
}

// A record is what the audit log keeps of a change.
type record struct {
	// action is a verb and a noun, object what it is done to.
	action, object string
	// before and after have no secrets.
	before, after []byte
}

// do makes a change, and records it.
func (a *Admin) do(ctx context.Context, by watch.Actor, r record, change func() error) error {
	id, err := a.Audit.Begin(ctx, watch.Entry{At: a.Now(), ActorKind: by.Kind, Actor: by.Name, Remote: by.Remote,
		Action: r.action, Object: r.object, Before: bounded(r.before), After: bounded(r.after), Outcome: "begun"})
	if err != nil {
		return fmt.Errorf("writing the audit log: %w", err)
	}
	err = change()
	outcome := "done"
	if err != nil {
		outcome = "failed: " + err.Error()
	}
	// Whoever asked may be gone; how it went is noted all the same.
	if ended := a.Audit.End(context.WithoutCancel(ctx), id, outcome); ended != nil {
		err = errors.Join(err, fmt.Errorf("writing the audit log: %w", ended))
	}
	return err
}

// bounded cuts what a record keeps.
func bounded(data []byte) []byte { return data[:min(len(data), watch.MaxAuditBytes)] }
