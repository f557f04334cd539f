package system

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"virgo/collect/hostinfo/source"
	"virgo/collect/macos"
)

// readProcs reads the kernel's list; gopsutil would run ps for each process.
func readProcs(ctx context.Context, h *source.Host) (any, error) {
	list, err := macos.Processes()
	if err != nil {
		return nil, fmt.Errorf("reading processes: %w", err)
	}
	slices.SortFunc(list, func(a, b macos.Process) int { return cmp.Compare(a.PID, b.PID) })
	names := h.Owners()
	all := make([]processInfo, 0, len(list))
	hidden := 0
	for _, p := range list {
		if ctx.Err() != nil {
			return all, fmt.Errorf("reading processes: %w", ctx.Err())
		}
		i := processInfo{
			PID: int32(p.PID), PPID: int32(p.Parent), StateName: processName(h.Arguments, p.Name), State: stateName(p.State),
			Nice: p.Nice, StartTime: p.Start.UnixMilli(), ExeName: macos.Program(p.PID),
			CredUser: names.User(p.UID), CredGroup: names.Group(p.GID),
		}
		if args, err := macos.Arguments(p.PID); err == nil {
			i.Command = commandLine(h.Arguments, args)
		}
		if t, ok := macos.ReadTask(p.PID); ok {
			i.addTask(t)
		} else if p.State != macos.Zombie {
			hidden++
		}
		all = append(all, i)
	}
	if hidden > 0 {
		return all, fmt.Errorf("the figures of %d processes of other users are missing: run virgo as root", hidden)
	}
	return all, nil
}

func (i *processInfo) addTask(t macos.Task) {
	i.User, i.Sys = uint64(t.User.Milliseconds()), uint64(t.System.Milliseconds())
	i.Total = i.User + i.Sys
	i.Size, i.Resident, i.Threads, i.Priority = t.Virtual, t.Resident, int32(t.Threads), t.Priority
	i.MajorFaults, i.MinorFaults, i.PageFaults = t.Pageins, t.Faults-min(t.Pageins, t.Faults), t.Faults
	if i.State == "" {
		i.State = "sleep"
		if t.Running > 0 {
			i.State = "running"
		}
	}
}

// stateName returns the name of a state; empty where the threads tell.
func stateName(s macos.State) string {
	switch s {
	case macos.Starting:
		return "idle"
	case macos.Stopped:
		return "stop"
	case macos.Zombie:
		return "zombie"
	}
	return ""
}

// hiddenProcesses returns nil: what reads processes says itself what is hidden.
func hiddenProcesses(*source.Host) error { return nil }
