package host

import (
	"context"
	"fmt"
	"strings"
	"time"

	"virgo/collect/macos"
)

// processesByKernel says that reading processes may start a program, ps.
const processesByKernel = false

// maxProcesses bounds how many processes are looked at.
const maxProcesses = 1 << 18

// nameBytes of a name are in the kernel's list (MAXCOMLEN).
const nameBytes = 16

// A processScan reads processes: what the kernel tells root of other users' processes only, it takes
// from ps, which it runs once where that is needed.
type processScan struct {
	processCriteria
	ctx    context.Context
	listed map[int]macos.Listed // nil: ps has not run
	err    error                // ps's
}

func listProcesses() ([]macos.Process, error) {
	all, err := macos.Processes()
	if err == nil && len(all) > maxProcesses {
		err = fmt.Errorf("there are more than %d", maxProcesses)
	}
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	return all, nil
}

func readProcesses(
	ctx context.Context, p processes, w processCriteria, _ time.Duration, now time.Time,
) (processList, error) {
	s := processScan{processCriteria: w, ctx: ctx}
	uid := uint32(0)
	if w.user != "" {
		var err error
		if uid, err = userNumber(w.user); err != nil {
			return processList{}, err
		}
	}
	list, err := listProcesses()
	if err != nil {
		return processList{}, err
	}
	var all []process
	for _, one := range list {
		if err := ctx.Err(); err != nil {
			return processList{}, err
		}
		if one.PID == p.self || one.State == macos.Zombie || w.user != "" && one.UID != uid || !s.matches(one) {
			continue
		}
		all = append(all, s.figures(one, now))
	}
	if s.err != nil {
		return processList{}, fmt.Errorf("list processes of other users: %w", s.err)
	}
	return processList{all: all}, nil
}

// matches looks at the name first.
func (s *processScan) matches(p macos.Process) bool {
	if s.name != "" && p.Name != s.name && !s.namedByArguments(p) {
		return false
	}
	if s.match == nil {
		return true
	}
	command := strings.Join(s.arguments(p.PID), " ")
	return command != "" && s.match.MatchString(command)
}

// namedByArguments reports whether a process that the system gives another name has the wanted one:
// the system truncates it, or it is that of a script.
func (s *processScan) namedByArguments(p macos.Process) bool {
	truncated := len(p.Name) >= nameBytes-1 && strings.HasPrefix(s.name, p.Name)
	interpreter := isInterpreter([]byte(p.Name))
	if !truncated && !interpreter {
		return false
	}
	command := []byte(strings.Join(s.arguments(p.PID), "\x00"))
	return truncated && hasFullName(command, s.name) || interpreter && string(scriptName(command)) == s.name
}

// arguments returns the arguments of a process; those that only ps knows are separated at blanks.
func (s *processScan) arguments(pid int) []string {
	args, err := macos.Arguments(pid)
	if err == nil {
		return args
	}
	return strings.Split(s.ps(pid).Command, " ")
}

// ps returns what ps tells of a process; the zero value if that is nothing.
func (s *processScan) ps(pid int) macos.Listed {
	if s.listed == nil && s.err == nil {
		s.listed, s.err = macos.List(s.ctx)
	}
	return s.listed[pid]
}

func (s *processScan) figures(p macos.Process, now time.Time) process {
	one := process{pid: uint64(p.PID), start: uint64(max(0, p.Start.UnixMilli())), age: max(0, now.Sub(p.Start))}
	task, ok := macos.ReadTask(p.PID)
	used := task.User + task.System
	if !ok {
		l := s.ps(p.PID)
		used, task.Resident = l.Time, l.Resident
	}
	one.ticks = uint64(used / (time.Second / ticksPerSecond))
	one.rss, one.threads, one.threadsKnown = task.Resident, task.Threads, ok
	one.files, one.filesKnown = macos.OpenFiles(p.PID)
	return one
}

// readProcessNames returns the name of each process, as the detail name matches it. An interpreter has
// the name of its script as well.
func readProcessNames(ctx context.Context, p processes) ([]string, error) {
	s := processScan{ctx: ctx}
	list, err := listProcesses()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, one := range list {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if one.PID == p.self || one.Name == "" {
			continue
		}
		names = append(names, one.Name)
		if isInterpreter([]byte(one.Name)) {
			if script := scriptName([]byte(strings.Join(s.arguments(one.PID), "\x00"))); script != nil {
				names = append(names, string(script))
			}
		}
	}
	return names, nil
}
