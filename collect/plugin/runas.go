package plugin

import (
	"strings"

	"virgo/schedule"
)

// An identity is the user that a plugin runs as where that is not the agent's.
type identity struct {
	name string
	// home is the user's folder.
	home     string
	uid, gid uint32
	// groups are the supplementary ones, as initgroups(3) sets them: the user's, and gid.
	groups []uint32
}

// runAs is what the detail run_as says, "USER" or "USER:GROUP", each by name or number; nil where it is
// not there.
func runAs(details schedule.Details) (*identity, error) {
	if absent(details, "run_as") {
		return nil, nil
	}
	text, ok := details.Text("run_as")
	if !ok {
		return nil, &schedule.DetailError{Key: "run_as", Value: "a list or an object", Want: "a user"}
	}
	user, group, named := strings.Cut(text, ":")
	if user == "" || named && group == "" {
		return nil, &schedule.DetailError{Key: "run_as", Value: text[:min(len(text), 64)], Want: "USER or USER:GROUP"}
	}
	return identify(user, group)
}

// own is env with the variables that login(1) sets in the identity's words.
func (who *identity) own(env []string) []string {
	mine := func(kv string) bool {
		return strings.HasPrefix(kv, "HOME=") || strings.HasPrefix(kv, "USER=") || strings.HasPrefix(kv, "LOGNAME=")
	}
	kept := make([]string, 0, len(env)+3)
	for _, kv := range env {
		if !mine(kv) {
			kept = append(kept, kv)
		}
	}
	return append(kept, "HOME="+who.home, "USER="+who.name, "LOGNAME="+who.name)
}
