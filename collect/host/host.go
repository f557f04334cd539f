package host

import (
	"context"

	"virgo/collect"
)

// Options are what the checks need from the program around them. The zero value works.
type Options struct {
	// Self gives the figures of agent.virgo; nil: that check is unavailable.
	Self func(ctx context.Context) (Self, error)
	// StatProgram is the beginning of a command line that, with a path after it, calls StatFS for that
	// path with its standard output. It is run for each network and FUSE file system. nil: they are
	// asked in the agent's own process, and one that hangs keeps a thread of it until the process ends
	// (which on some kernels is not before the file system answers).
	StatProgram []string
	// Proc and Sys are where the kernel's file systems are mounted; empty: /proc and /sys. Linux only.
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
	return []collect.Type{
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
}

// allTargets is the target that means every one.
const allTargets = "*"

// target returns the check's target, "" where it has none, and what is wrong with it.
func target(req collect.Request) (name, wrong string) {
	v, present := req.Check.Details["target"]
	if !present || v == nil {
		return "", ""
	}
	name, ok := req.Check.Details.Text("target")
	if !ok {
		return "", "Wrong target parameter: not a text"
	}
	return name, ""
}

// unavailable is the report of a check that cannot say more than status.
func unavailable(status string) (collect.Report, error) {
	return collect.Report{Unavailable: true, Status: status}, nil
}
