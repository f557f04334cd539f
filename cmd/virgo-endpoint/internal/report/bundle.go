package report

import "strings"

// BundleProblem says what a person should know of the agent's bundle of checks; empty: nothing. The reason in it is the
// host's own text.
func (a *Agent) BundleProblem() string {
	state := strings.TrimPrefix(a.BundleState, "none; ")
	if rest, ok := strings.CutPrefix(state, "back "); ok {
		return "Its bundle of checks went back from " + rest
	}
	if rest, ok := strings.CutPrefix(state, "refused "); ok {
		return "It refused the bundle of checks " + rest
	}
	return ""
}

// BundleFact is which bundle of checks the agent has; empty: none.
func (a *Agent) BundleFact() string {
	switch {
	case a.BundleState == "" || strings.HasPrefix(a.BundleState, "none") || a.BundleVersion == "":
		return ""
	case a.BundleState == "trial":
		return "bundle " + a.BundleVersion + ", on trial"
	}
	return "bundle " + a.BundleVersion
}
