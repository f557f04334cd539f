//go:build !darwin

package system

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/shirou/gopsutil/v3/process"

	"virgo/collect/hostinfo/source"
)

func readProcs(ctx context.Context, h *source.Host) (any, error) {
	ctx = h.Gopsutil(ctx)
	processes, err := process.ProcessesWithContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading processes: %w", err)
	}
	slices.SortFunc(processes, func(a, b *process.Process) int { return cmp.Compare(a.Pid, b.Pid) })
	names := h.Owners()
	all := []processInfo{}
	for _, p := range processes {
		if ctx.Err() != nil {
			return all, fmt.Errorf("reading processes: %w", ctx.Err())
		}
		if i, ok := processOf(ctx, h, p); ok {
			i.CredUser, i.CredGroup = ownersOf(ctx, p, names)
			i.addLinux(h)
			all = append(all, i)
		}
	}
	return all, hiddenProcesses(h)
}

// processOf reads all that gopsutil has; an error means that the system hides a field. ok is false
// if the process has ended. Its environment is never read.
func processOf(ctx context.Context, h *source.Host, p *process.Process) (i processInfo, ok bool) {
	i.PID = p.Pid
	name, err := p.NameWithContext(ctx)
	if err != nil {
		return i, false
	}
	i.StateName = processName(h.Arguments, name)
	if args, err := p.CmdlineSliceWithContext(ctx); err == nil {
		i.Command = commandLine(h.Arguments, args)
	}
	i.ExeName, _ = p.ExeWithContext(ctx)
	i.ExeCwd, _ = p.CwdWithContext(ctx)
	if states, err := p.StatusWithContext(ctx); err == nil && len(states) > 0 {
		i.State = states[0]
	}
	i.PPID, _ = p.PpidWithContext(ctx)
	if nice, err := p.NiceWithContext(ctx); err == nil {
		i.Nice = int(nice)
	}
	i.Threads, _ = p.NumThreadsWithContext(ctx)
	i.StartTime, _ = p.CreateTimeWithContext(ctx)
	if t, err := p.TimesWithContext(ctx); err == nil {
		i.User, i.Sys = source.Milliseconds(t.User), source.Milliseconds(t.System)
		i.Total = i.User + i.Sys
	}
	if m, err := p.MemoryInfoWithContext(ctx); err == nil && m != nil {
		i.Size, i.Resident = m.VMS, m.RSS
	}
	if f, err := p.PageFaultsWithContext(ctx); err == nil && f != nil {
		i.MajorFaults, i.MinorFaults, i.PageFaults = f.MajorFaults, f.MinorFaults, f.MajorFaults+f.MinorFaults
	}
	return i, true
}

// ownersOf returns the user and the group of a process, by name if they have one.
func ownersOf(ctx context.Context, p *process.Process, names source.Owners) (user, group string) {
	uids, err := p.UidsWithContext(ctx)
	if err != nil || len(uids) == 0 { // Windows has no numbers
		user, _ = p.UsernameWithContext(ctx)
		return user, ""
	}
	user = names.User(uint32(uids[min(1, len(uids)-1)])) // real, effective, …
	if gids, err := p.GidsWithContext(ctx); err == nil && len(gids) > 0 {
		group = names.Group(uint32(gids[min(1, len(gids)-1)]))
	}
	return user, group
}
