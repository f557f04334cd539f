package plugin

import (
	"slices"
	"strings"

	"virgo/schedule"
	"virgo/schedule/shorttext"
)

// An identity is the user that a plugin runs as, where it is not the agent's.
type identity struct {
	name     string
	home     string // home directory
	uid, gid uint32
	// groups are the supplementary groups as initgroups(3) sets them: the user's, and gid.
	groups []uint32
}

// runAs parses the detail run_as, "USER" or "USER:GROUP", each a name or a number. It returns nil
// where the detail is absent.
func runAs(details schedule.Details) (*identity, error) {
	if isAbsent(details, "run_as") {
		return nil, nil
	}
	text, ok := details.Text("run_as")
	if !ok {
		return nil, &schedule.DetailError{Key: "run_as", Value: "a list or an object", Want: "a user"}
	}
	user, group, named := strings.Cut(text, ":")
	if user == "" || named && group == "" {
		return nil, &schedule.DetailError{
			Key: "run_as", Value: shorttext.Truncate(text, maxShownBytes), Want: "USER or USER:GROUP",
		}
	}
	return lookupIdentity(user, group)
}

// withLoginVariables returns env with the variables HOME, USER and LOGNAME of login(1) set for the
// identity, and without those of the agent's user that are of no use to another.
func (who *identity) withLoginVariables(env []string) []string {
	env = slices.DeleteFunc(slices.Clone(env), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return slices.Contains([]string{"HOME", "USER", "LOGNAME", "SHELL", "TMPDIR"}, name)
	})
	return append(env, "HOME="+who.home, "USER="+who.name, "LOGNAME="+who.name)
}
