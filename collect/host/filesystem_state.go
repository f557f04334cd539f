package host

import "virgo/collect"

type filesystemState struct{ tree tree }

func filesystemStateType(t tree) collect.Type {
	return collect.Type{
		Name:       "agent.filesystem_state",
		Summary:    "which file systems are mounted read-write and which read-only (Linux)",
		KeyMetrics: []string{"total_ro", "devices_ro", "total_rw"},
		KernelOnly: true,
		Checker:    filesystemState{tree: t},
	}
}
