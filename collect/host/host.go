package host

import (
	"context"
	"slices"

	"virgo/collect"
)

// Options are the settings of the checks. The zero value works.
type Options struct {
	// Self returns the figures of agent.virgo; nil: that check is unavailable.
	Self func(ctx context.Context) (Self, error)
	// StatProgram returns the beginning of a command line. With a path after it, the command must
	// call StatFS for that path with its standard output. It is run for each network and FUSE file
	// system. nil, or no command line: these are probed in the agent's own process, where one that
	// hangs blocks a thread until the process ends (on some kernels, until the file system answers).
	StatProgram func() []string
	// Proc and Sys are where the kernel's file systems are mounted; empty: /proc and /sys. Linux
	// only.
	Proc, Sys string
}

// Types returns the types of checks of this package.
func Types(opt Options) []collect.Type {
	t := tree{proc: opt.Proc, sys: opt.Sys}
	if t.proc == "" {
		t.proc = "/proc"
	}
	if t.sys == "" {
		t.sys = "/sys"
	}
	types := []collect.Type{
		cpuType(t),
		memoryType(t),
		loadAverageType(t),
		diskType(t),
		filesystemType(t, opt.StatProgram),
		filesystemStateType(t),
		networkType(t),
		processType(t),
		fileType(t, opt.StatProgram),
		systemdType(),
		virgoType(opt.Self),
	}
	return markMissing(types, missingTypes(), missingParts())
}

// markMissing says in the summaries of the types with these names that this system does not have them,
// or which parts it does not have.
func markMissing(types []collect.Type, names []string, parts map[string]string) []collect.Type {
	for i := range types {
		if part := parts[types[i].Name]; part != "" {
			types[i].Summary += " (not on this system: " + part + ")"
		}
		if slices.Contains(names, types[i].Name) {
			types[i].Summary = "not available on this system: " + types[i].Summary
		}
	}
	return types
}

// allTargets is the target that selects all.
const allTargets = "*"

// unavailable returns a report with only a status.
func unavailable(status string) (collect.Report, error) {
	return collect.Report{Unavailable: true, Status: status}, nil
}
