package system

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/shirou/gopsutil/v3/process"

	"virgo/collect/hostinfo/redact"
	"virgo/collect/hostinfo/source"
	"virgo/schedule/shorttext"
)

// A processInfo is one process. What the system hides, or does not know, is empty or 0.
type processInfo struct {
	PID         int32  `json:"pid" doc:"its number"`
	Command     string `json:"command" doc:"its command line without secrets, at most 1024 bytes"`
	ExeName     string `json:"exe_name" doc:"path of its program"`
	ExeCwd      string `json:"exe_cwd" doc:"its working folder"`
	ExeRoot     string `json:"exe_root" doc:"its root folder (Linux)"`
	StateName   string `json:"state_name" doc:"its name"`
	State       string `json:"state" doc:"running, sleep, blocked, idle, stop, zombie and similar"`
	PPID        int32  `json:"state_ppid" doc:"number of the process that started it"`
	Priority    int    `json:"state_priority" doc:"its priority as the kernel has it (Linux)"`
	Nice        int    `json:"state_nice" doc:"its nice value, -20 to 19"`
	Threads     int32  `json:"state_threads" doc:"how many threads it has"`
	StartTime   int64  `json:"time_start_time" doc:"when it started, ms since the epoch"`
	User        uint64 `json:"time_user" doc:"processor time in user mode, ms"`
	Sys         uint64 `json:"time_sys" doc:"processor time in the kernel, ms"`
	Total       uint64 `json:"time_total" doc:"both together, ms"`
	Size        uint64 `json:"memory_size" doc:"its address space, bytes"`
	Resident    uint64 `json:"memory_resident" doc:"part of it that is in memory, bytes"`
	Share       uint64 `json:"memory_share" doc:"shared part of memory_resident, bytes (Linux)"`
	MajorFaults uint64 `json:"memory_major_faults" doc:"page faults that waited for a disk"`
	MinorFaults uint64 `json:"memory_minor_faults" doc:"page faults that did not"`
	PageFaults  uint64 `json:"memory_page_faults" doc:"both together"`
	CredUser    string `json:"cred_user" doc:"the user that it runs as; the number if it has no name"`
	CredGroup   string `json:"cred_group" doc:"the group that it runs as; the number if it has no name"`
}

// maxCommandBytes is how much of a command line is shown.
const maxCommandBytes = 1024

func procsType() source.Type {
	return source.Type{
		Name:    "procs",
		Summary: "running processes",
		Shape:   []processInfo{},
		Read:    readProcs,
	}
}

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
		if i, ok := processOf(ctx, p); ok {
			i.CredUser, i.CredGroup = ownersOf(ctx, p, names)
			i.addLinux(h)
			all = append(all, i)
		}
	}
	return all, hiddenProcesses(h)
}

// processOf reads all that gopsutil has; an error means that the system hides a field. ok is false
// if the process has ended. Its environment is never read.
func processOf(ctx context.Context, p *process.Process) (i processInfo, ok bool) {
	i.PID = p.Pid
	name, err := p.NameWithContext(ctx)
	if err != nil {
		return i, false
	}
	i.StateName = redact.Text(name) // a long one comes from the command line, which may be a title with more in it
	if args, err := p.CmdlineSliceWithContext(ctx); err == nil {
		i.Command = commandLine(args)
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

// commandLine joins arguments without their secrets. Only the first 16 KiB are searched for
// secrets; the rest is dropped.
func commandLine(args []string) string {
	room := 16 * maxCommandBytes
	for i, a := range args {
		if len(a) >= room {
			args = append(slices.Clone(args[:i]), a[:room])
			break
		}
		room -= len(a) + 1
	}
	text := strings.Join(redact.Args(args), " ")
	if len(text) > maxCommandBytes {
		return shorttext.Truncate(text, maxCommandBytes) + "…"
	}
	return text
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
