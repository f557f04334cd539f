package run

import (
	"slices"
	"strings"
	"time"

	"virgo/cmd/internal/installed"
	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/scriptbundle"
)

// A scriptRun is how the script of a bundle did in one check.
type scriptRun struct {
	sha256 string // of the bundle
	failed string // the kind of the script's own failure; empty: none
	status string
}

// scriptRun returns how the script did, nil if the type is not from a bundle.
func (a *Agent) scriptRun(checkType string, o collect.Outcome) *scriptRun {
	if a.Bundle == nil || !strings.HasPrefix(checkType, scriptbundle.TypePrefix) {
		return nil
	}
	sha256, ok := a.Bundle(checkType)
	if !ok {
		return nil
	}
	return &scriptRun{sha256: sha256, failed: o.Failed, status: o.Result.Status}
}

// A scriptCheck is a check of a script, from a bundle or not.
type scriptCheck struct{ id, checkType string }

// scheduledScripts returns the checks of scripts that run.
func scheduledScripts(s schedule.Schedule) (list []scriptCheck) {
	for i := range s.Checks {
		if k := &s.Checks[i]; strings.HasPrefix(k.Type, scriptbundle.TypePrefix) && !k.Disabled && k.Fault == "" && k.MayRun() {
			list = append(list, scriptCheck{k.ID, k.Type})
		}
	}
	return list
}

// noteScripts notes how the scripts of the current bundle did that ended after the first n checks, and decides about
// a bundle on trial. Nothing is read or written unless such a script ran.
func (a *Agent) noteScripts(tx installed.Putter, c claims, all []ended, n int, now time.Time) (v installed.Verdict, err error) {
	bundle := c.state.Bundle
	isCurrent := func(e ended) bool { return e.script != nil && e.script.sha256 == bundle.SHA256 }
	if !slices.ContainsFunc(all[n:], isCurrent) {
		return v, nil
	}
	standing := installed.ReadStanding(tx)
	for _, e := range all[n:] {
		if isCurrent(e) {
			standing.Note(bundle.SHA256, e.claim.Check.ID, e.claim.Check.Type, e.script.failed, now)
		}
	}
	if err := standing.Put(tx); err != nil {
		return v, err
	}
	var scheduled []string
	for _, k := range c.scripts {
		if sha256, ok := a.Bundle(k.checkType); ok && sha256 == bundle.SHA256 {
			scheduled = append(scheduled, k.id)
		}
	}
	return standing.Verdict(bundle, installed.ReadBaseline(tx), scheduled, now, func(id string) string {
		i := slices.IndexFunc(all, func(e ended) bool { return e.claim.Check.ID == id })
		if i < 0 || all[i].script == nil {
			return ""
		}
		return all[i].script.status
	}), nil
}
