package host

import "virgo/collect"

type filesystemState struct{ tree tree }

func filesystemStateType(t tree) collect.Type {
	return collect.Type{
		Name:    "agent.filesystem_state",
		Summary: "which file systems can be written and which cannot (Linux)",
		Telling: []string{"total_ro", "devices_ro", "total_rw"},
		Checker: filesystemState{tree: t},
	}
}
