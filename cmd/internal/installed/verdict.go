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
	// Unloadable means that no script of the bundle can be loaded. Whoever goes back for it makes
	// sure that scripts can run without the bundle: otherwise it is this host that cannot run any.
	Unloadable bool
}

// The kinds of failures of scripts that cannot be loaded.
const (
	KindBundle = "bundle" // none of the bundle: its file cannot be read, or the script process dies over it
	KindLoad   = "load"   // one: it does not compile or declare
)

// Bounds of a trial.
const (
	failedRuns    = 2 // in a row, of a check that had not failed before
	newFailedRuns = 3 // of a check that was not there before
	goodRuns      = 3 // of each check that is scheduled
	trialTime     = 24 * time.Hour
	longestTrial  = 7 * 24 * time.Hour
)

// Verdict compares how the checks do with how they did with the bundle before. scheduled are the
// ids of the checks of scripts that are scheduled now; why returns the status of a check's last
// result, for the reason.
//
// A script that says of what it watches that it is unavailable, a time limit and a refusal by the
// owner are no failures of the bundle.
func (s Standing) Verdict(
	t Summary, base Standing, scheduled []string, now time.Time, why func(id string) string,
) Verdict {
	v := Verdict{SHA256: t.SHA256, Version: t.Version}
	if t.State != OnTrial || t.SHA256 == "" || s.SHA256 != t.SHA256 {
		return v
	}
	failing, healed := s.compare(base)
	switch unloadable := s.unloadable(scheduled); {
	case unloadable != "":
		v.Decision, v.Unloadable = Back, true
		v.Reason = "no script of it can be loaded: " + s.failure(unloadable, why)
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

// compare returns the ids of the checks that fail and did not before, and the number of those that
// failed before and do not now.
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

// unloadable returns the id of a check if no script of the bundle can be loaded: the process could
// not load the bundle, or each script that is scheduled has run and was not loaded. One run of it
// is enough: it will be the same in the next.
func (s Standing) unloadable(scheduled []string) (id string) {
	inProcess := false
	for _, key := range slices.Sorted(maps.Keys(s.Checks)) {
		failed := s.Checks[key].Failed
		if failed != KindBundle && failed != KindLoad {
			return ""
		}
		if id == "" || failed == KindBundle && !inProcess {
			id, inProcess = key, failed == KindBundle
		}
	}
	if inProcess {
		return id
	}
	for _, key := range scheduled {
		if _, ran := s.Checks[key]; !ran {
			return ""
		}
	}
	return id
}

// failure returns why a check failed: its last status, or else the kind.
func (s Standing) failure(id string, why func(string) string) string {
	if why != nil {
		if status := strings.TrimSpace(why(id)); status != "" {
			return status
		}
	}
	return s.Checks[id].Failed
}

func (s Standing) reason(id string, base Standing, why func(string) string) string {
	k := s.Checks[id]
	did := ""
	if before, known := base.Checks[id]; known && before.Failed == "" {
		did = " and did not before"
	}
	return fmt.Sprintf("%s fails (%s)%s", k.Type, s.failure(id, why), did)
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
