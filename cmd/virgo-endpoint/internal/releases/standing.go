package releases

import (
	"strings"

	"virgo/schedule/semver"
)

// A Standing is what an agent says of its bundle (bundle_state in its hello).
type Standing struct {
	// None: it has no bundle. The version that it says is that of its program then.
	None bool
	// Word is trial or good; back or refused with the Version that it does not have any more, or
	// did not take, and why.
	Word, Version, Reason string
}

// ParseStanding reads a state. Any text is one: it comes from a host.
func ParseStanding(state string) (s Standing) {
	if state == "" || state == "none" {
		return Standing{None: true}
	}
	state, s.None = strings.CutPrefix(state, "none; ")
	word, rest, _ := strings.Cut(state, " ")
	s.Word = word
	s.Version, s.Reason, _ = strings.Cut(rest, ": ")
	return s
}

// Bad reports whether a person should look at it.
func (s Standing) Bad() bool { return s.Word != "" && s.Word != "trial" && s.Word != "good" }

// IsNews reports whether an agent is to be told of a version, after what it said of its bundle in
// its hello. An older version is no news, since no agent takes one, and neither is one that it went
// back from or refused.
func IsNews(offered, has, state string) bool {
	s := ParseStanding(state)
	if s.Bad() && s.Version == offered {
		return false
	}
	if s.None {
		return true
	}
	old, err := semver.Parse(has)
	if err != nil {
		return true
	}
	next, err := semver.Parse(offered)
	return err == nil && next.Compare(old) > 0
}
