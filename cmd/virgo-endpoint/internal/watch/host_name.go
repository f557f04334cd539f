package watch

import "strings"

// HostName is what a person calls a host: its name. An agent's id that its owner chose, so that it does not begin with
// the name, stands behind it: many machines are called "vm" or "localhost".
func HostName(agentID, name string) string {
	switch {
	case name == "":
		return agentID
	case len(agentID) >= len(name) && strings.EqualFold(agentID[:len(name)], name):
		return name
	}
	return name + " (" + agentID + ")"
}
