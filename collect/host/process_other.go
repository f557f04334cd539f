//go:build !linux && !darwin

package host

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	gopsutil "github.com/shirou/gopsutil/v3/process"
)

// processesByKernel says that reading processes starts no program.
const processesByKernel = true

// maxProcesses bounds how many processes are looked at.
const maxProcesses = 1 << 18

func readProcesses(
	ctx context.Context, p processes, w processCriteria, _ time.Duration, now time.Time,
) (processList, error) {
	pids, err := gopsutil.PidsWithContext(p.tree.context(ctx))
	if err != nil {
		return processList{}, fmt.Errorf("list processes: %w", supported(err))
	}
	if len(pids) > maxProcesses {
		return processList{}, fmt.Errorf("list processes: there are more than %d", maxProcesses)
	}
	var all []process
	for _, pid := range pids {
		if err := ctx.Err(); err != nil {
			return processList{}, err
		}
		one := &gopsutil.Process{Pid: pid}
		if pid <= 0 || int(pid) == p.self || !w.matches(ctx, one) {
			continue
		}
		if got, ok := figures(ctx, one, now); ok {
			all = append(all, got)
		}
	}
	return processList{all: all}, nil
}

// matches queries the cheaper properties first; an unknown one does not match.
func (w processCriteria) matches(ctx context.Context, p *gopsutil.Process) bool {
	if w.name != "" {
		if name, err := p.NameWithContext(ctx); err != nil || name != w.name && !w.namedByArguments(ctx, p, name) {
			return false
		}
	}
	if w.user != "" && !w.ownedBy(ctx, p) {
		return false
	}
	if w.match == nil {
		return true
	}
	command, err := p.CmdlineWithContext(ctx)
	return err == nil && command != "" && w.match.MatchString(command)
}

// truncatedName is the shortest name that a system may have truncated (MAXCOMLEN).
const truncatedName = 15

// namedByArguments reports whether a process that the system gives another name has the wanted one:
// the system truncates it, or it is that of a script.
func (w processCriteria) namedByArguments(ctx context.Context, p *gopsutil.Process, name string) bool {
	truncated := len(name) >= truncatedName && strings.HasPrefix(w.name, name)
	interpreter := isInterpreter([]byte(strings.TrimSuffix(name, ".exe")))
	if !truncated && !interpreter {
		return false
	}
	args, err := p.CmdlineSliceWithContext(ctx)
	if err != nil {
		return false
	}
	command := []byte(strings.Join(args, "\x00"))
	return truncated && hasFullName(command, w.name) || interpreter && string(scriptName(command)) == w.name
}

func (w processCriteria) ownedBy(ctx context.Context, p *gopsutil.Process) bool {
	if name, err := p.UsernameWithContext(ctx); err == nil && name == w.user {
		return true
	}
	ids, err := p.UidsWithContext(ctx)
	return err == nil && len(ids) > 0 && strconv.Itoa(int(ids[0])) == w.user
}

// figures reads the figures of a process; false where it has ended.
func figures(ctx context.Context, p *gopsutil.Process, now time.Time) (one process, ok bool) {
	made, err := p.CreateTimeWithContext(ctx) // ms since the Unix epoch
	if err != nil || made < 0 {
		return one, false
	}
	if status, err := p.StatusWithContext(ctx); err == nil && len(status) > 0 && status[0] == gopsutil.Zombie {
		return one, false
	}
	one = process{pid: uint64(p.Pid), start: uint64(made), age: max(0, now.Sub(time.UnixMilli(made)))}
	if times, err := p.TimesWithContext(ctx); err == nil {
		one.ticks = uint64(max(0, (times.User+times.System)*ticksPerSecond))
	}
	if memory, err := p.MemoryInfoWithContext(ctx); err == nil {
		one.rss = memory.RSS
	}
	if n, err := p.NumThreadsWithContext(ctx); err == nil && n >= 0 {
		one.threads, one.threadsKnown = uint64(n), true
	}
	if n, err := p.NumFDsWithContext(ctx); err == nil && n >= 0 {
		one.files, one.filesKnown = uint64(n), true
	}
	return one, true
}
