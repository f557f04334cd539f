package policy

// figureDetails returns the details that an endpoint may set, besides the free ones, of a type that
// reads what this kernel tells about itself; false for other types. None of these opens a file that the
// endpoint names, asks another program or host by the endpoint's choice, or tells a command line.
func figureDetails(checkType string) (names []string, ok bool) {
	switch checkType {
	case "agent.cpu", "agent.memory", "agent.load_average", "agent.filesystem_state", "agent.virgo",
		"agent.windows_perfos":
		return nil, true
	case "agent.disk", "agent.filesystem", "agent.network", "agent.systemd":
		return []string{"target"}, true
	case "agent.process":
		return []string{"name", "user"}, true // not match, which sees command lines
	}
	return nil, false
}
