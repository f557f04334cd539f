package installed

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A Decision is what a [Verdict] says of the bundle on trial.
type Decision int

// The decisions.
const (
	Wait Decision = iota // the trial goes on
	Keep                 // it does no worse than the one before
	Back                 // it does worse
)

// A Verdict is the decision about a bundle on trial.
type Verdict struct {
	Decision Decision
	SHA256   string // of the bundle
	Version  string
	Reason   string // of Back
}

// KindBundle is the kind of failure of every script of a bundle that the script process cannot load.
const KindBundle = "bundle"

// Bounds of a trial.
const (
	failedRuns    = 2 // in a row, of a check that had not failed before
	newFailedRuns = 3 // of a check that was not there before
	goodRuns      = 3 // of each check that is scheduled
	trialTime     = 24 * time.Hour
	longestTrial  = 7 * 24 * time.Hour
)

// Verdict compares how the checks do with how they did with the bundle before. scheduled are the ids of the checks of
// scripts that are scheduled now; why returns the status of a check's last result, for the reason.
//
// A script that says of what it watches that it is unavailable, a time limit and a refusal by the owner are no
// failures of the bundle.
func (s Standing) Verdict(t Summary, base Standing, scheduled []string, now time.Time, why func(id string) string) Verdict {
	v := Verdict{SHA256: t.SHA256, Version: t.Version}
	if t.State != OnTrial || t.SHA256 == "" || s.SHA256 != t.SHA256 {
		return v
	}
	failing, healed := s.compare(base)
	unloadable := s.unloadable()
	switch {
	case unloadable != "":
		v.Decision, v.Reason = Back, s.reason(unloadable, base, why)
	case len(failing) > healed:
		v.Decision, v.Reason = Back, s.reason(failing[0], base, why)
		if more := len(failing) - 1; more > 0 {
			v.Reason += fmt.Sprintf("; and %d more", more)
		}
	case s.isProven(t, scheduled, now):
		v.Decision = Keep
	}
	return v
}

// compare returns the ids of the checks that fail and did not before, and the number of those that failed before
// and do not now.
func (s Standing) compare(base Standing) (failing []string, healed int) {
	for _, id := range slices.Sorted(maps.Keys(s.Checks)) {
		now := s.Checks[id]
		before, known := base.Checks[id]
		known = known && before.Type == now.Type
		switch {
		case now.Failed != "" && known && before.Failed == "" && now.Streak >= failedRuns,
			now.Failed != "" && !known && now.Streak >= newFailedRuns:
			failing = append(failing, id)
		case now.Failed == "" && known && before.Failed != "":
			healed++
		}
	}
	return failing, healed
}

// unloadable returns an id if no script of the bundle could be loaded at all.
func (s Standing) unloadable() (id string) {
	for _, key := range slices.Sorted(maps.Keys(s.Checks)) {
		if s.Checks[key].Failed != KindBundle {
			return ""
		}
		if id == "" {
			id = key
		}
	}
	return id
}

func (s Standing) reason(id string, base Standing, why func(string) string) string {
	k := s.Checks[id]
	text := k.Failed
	if why != nil {
		if status := strings.TrimSpace(why(id)); status != "" {
			text = status
		}
	}
	did := ""
	if before, known := base.Checks[id]; known && before.Failed == "" {
		did = " and did not before"
	}
	return fmt.Sprintf("%s fails (%s)%s", k.Type, text, did)
}

// isProven reports whether the trial has lasted long enough. A clock that was set back makes it longer.
func (s Standing) isProven(t Summary, scheduled []string, now time.Time) bool {
	lasted := now.Sub(time.UnixMilli(t.SinceMS))
	if lasted >= longestTrial || lasted >= trialTime && len(s.Checks) > 0 {
		return true
	}
	for _, id := range scheduled {
		if s.Checks[id].Runs < goodRuns {
			return false
		}
	}
	return len(scheduled) > 0
}
