package admin

import (
	"context"
	"errors"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule"
)

// errNoAlarms is returned where the endpoint judges none.
var errNoAlarms = errors.New("this endpoint has no alarms")

// Rules returns all files of rules.
func (a *Admin) Rules(by watch.Actor) ([]File, error) {
	if err := a.seesRules(by); err != nil {
		return nil, err
	}
	return files(a.Dir.RuleFiles(), a.checkRules)
}

// RuleFile returns one file of rules. Error: ErrNotFound.
func (a *Admin) RuleFile(by watch.Actor, name string) (File, error) {
	if err := a.seesRules(by); err != nil {
		return File{}, err
	}
	return file(a.Dir.RuleFiles(), name, a.checkRules)
}

func (a *Admin) seesRules(by watch.Actor) error {
	if !by.May(watch.AlarmsScope, watch.ReadScope) {
		return &ScopeError{[]watch.Scope{watch.AlarmsScope, watch.ReadScope}}
	}
	return nil
}

// checkRules returns the mistakes of a file of rules.
func (a *Admin) checkRules(name string, data []byte) []schedule.Problem {
	if len(data) > folder.MaxScheduleBytes {
		return []schedule.Problem{{Err: errors.New("the file is too large")}}
	}
	if a.CheckRules == nil {
		return []schedule.Problem{{Err: errNoAlarms}}
	}
	return a.CheckRules(name, data)
}

// PutRules makes or replaces a file of rules. One with any mistake is refused. Errors: *Invalid, *Changed.
func (a *Admin) PutRules(ctx context.Context, by watch.Actor, name string, data []byte, m Match) (etag string, err error) {
	unlock, err := a.begin(by, watch.AlarmsScope)
	if err != nil {
		return "", err
	}
	defer unlock()
	if problems := a.checkRules(name, data); len(problems) > 0 {
		return "", &Invalid{problems}
	}
	return a.putFile(ctx, by, a.Dir.RuleFiles(), "rules", name, data, ruleText, m)
}

// DeleteRules deletes a file of rules. Errors: ErrNotFound, *Changed.
func (a *Admin) DeleteRules(ctx context.Context, by watch.Actor, name string, m Match) error {
	unlock, err := a.begin(by, watch.AlarmsScope)
	if err != nil {
		return err
	}
	defer unlock()
	return a.deleteFile(ctx, by, a.Dir.RuleFiles(), "rules", name, ruleText, m)
}

// ruleText is what the audit log keeps of rules: all of it, since they have no secrets.
func ruleText(data []byte) []byte { return data }
