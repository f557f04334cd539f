package host

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"sort"
	"time"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/detail"
)

// A process is one that matched.
type process struct {
	pid   uint64
	start uint64 // when it started, on a clock of the system's: with pid, it identifies the process
	age   time.Duration
	ticks uint64 // processor time, in ticks of ticksPerSecond
	rss   uint64 // bytes
	// threads, and files open; unknown where the system does not report them, or not to this user.
	threads, files           uint64
	threadsKnown, filesKnown bool
}

// A processList has the processes that matched, and the number of those that could not be read.
type processList struct {
	all    []process
	unread int
}

type processes struct {
	tree   tree
	self   int // the agent's own pid, which never matches
	read   func(ctx context.Context, p processes, w processCriteria, at time.Duration, now time.Time) (found processList, err error)
	uptime func(now time.Time) time.Duration
}

func processType(t tree) collect.Type {
	return collect.Type{
		Name:    "agent.process",
		Summary: "processes by name or command line: their number and total resource use",
		Details: []collect.Detail{
			{Name: "name", Role: schedule.Other, Summary: "name of the program or script, for example nginx or backup.sh; this or match is needed"},
			{Name: "match", Role: schedule.Regexp, Kind: detail.Regexp, Summary: "regular expression on the command line"},
			{Name: "user", Role: schedule.Other, Summary: "only processes of this user, by name or uid"},
			{Name: "min", Role: schedule.Free, Kind: detail.Integer, Default: "1", Summary: "minimum number of processes; 0 if max is 0"},
			{Name: "max", Role: schedule.Free, Kind: detail.Integer, Min: anyNumber, Summary: "maximum number of processes"},
		},
		KeyMetrics: []string{"count", "cpu_percent", "rss", "oldest_age"},
		KernelOnly: processesByKernel,
		Checker:    processes{tree: t, self: os.Getpid(), read: readProcesses, uptime: uptime},
	}
}

// Targets returns the names of the running processes, each once: the possible values of the detail
// name.
func (p processes) Targets(ctx context.Context) ([]string, error) {
	names, err := readProcessNames(ctx, p)
	slices.Sort(names)
	return slices.Compact(names), err
}

// Check counts the processes that match and adds up their figures: cpu_percent (100 is one
// processor), rss in bytes (shared pages count for each process), threads, open_files, and the age
// of the oldest in seconds. Zombies do not count, and neither does the agent itself, whose command
// line may contain the pattern. A script counts by its own name as well as by its interpreter's. Where
// the system hides processes of other users, the check is unavailable, whatever it would count,
// unless the detail user is the agent's own. A process that cannot be read, as SELinux may have it, does
// not count, and the status says so. With fewer than min or more than max processes, the check is
// unavailable.
//
// cpu_percent covers the time since the previous sample. A process that started since then counts
// with all of its CPU time, and one that ended does not count. An older process that was not in the
// sample, because it was renamed, counts from now on.
func (p processes) Check(ctx context.Context, req collect.Request) (collect.Report, error) {
	if err := ctx.Err(); err != nil {
		return collect.Report{Sample: req.Previous}, err
	}
	w, err := parseProcessCriteria(req.Check.Details)
	if err != nil {
		return collect.Report{}, err
	}
	boot := bootID(p.tree, req.Now())
	now, err := p.sample(ctx, w, req)
	if err != nil {
		return collect.Report{}, err
	}
	if status := w.mismatch(int64(len(now.all))); status != "" {
		if now.unread > 0 {
			status += "; " + unreadProcesses(now.unread)
		}
		return collect.Report{Unavailable: true, Status: status, Sample: now.encode(boot)}, nil
	}
	before, ok := parseProcessSample(req.Previous, boot)
	if !ok || !now.follows(before) {
		before = now
		if err := pause(ctx); err != nil {
			return collect.Report{Sample: now.encode(boot)}, err
		}
		if now, err = p.sample(ctx, w, req); err != nil {
			return collect.Report{}, err
		}
	}
	report := collect.Report{Sample: now.encode(boot)}
	report.Metrics, report.Status = now.sums(before)
	return report, nil
}

func (p processes) sample(ctx context.Context, w processCriteria, req collect.Request) (processSample, error) {
	s := processSample{at: p.uptime(req.Now()).Truncate(time.Millisecond)}
	found, err := p.read(ctx, p, w, s.at, req.Now())
	s.all, s.unread = found.all, found.unread
	sort.Slice(s.all, func(i, j int) bool { return s.all[i].pid < s.all[j].pid })
	return s, err
}

// unreadProcesses says how many processes are not counted.
func unreadProcesses(n int) string {
	if n == 1 {
		return "1 process cannot be read and does not count"
	}
	return fmt.Sprintf("%d processes cannot be read and do not count", n)
}

// sums returns the metrics, and a status that names those that are left out.
func (s processSample) sums(before processSample) (metrics []collect.Metric, status string) {
	var (
		f                            collect.MetricBuilder
		rss, threads, files          uint64
		oldest                       time.Duration
		filesUnknown, threadsUnknown int
	)
	for _, p := range s.all {
		rss, threads, files = rss+p.rss, threads+p.threads, files+p.files
		oldest = max(oldest, p.age)
		if !p.filesKnown {
			filesUnknown++
		}
		if !p.threadsKnown {
			threadsUnknown++
		}
	}
	f.Int64("count", uint64(len(s.all)), "processes")
	if percent, ok := s.cpuPercent(before); ok {
		f.Double("cpu_percent", percent, "percent")
	}
	f.Uint64("rss", rss, "bytes")
	if threadsUnknown == 0 {
		f.Uint64("threads", threads, "threads")
	}
	if filesUnknown == 0 {
		f.Uint64("open_files", files, "files")
	} else {
		status = fmt.Sprintf("success, without open_files: those of %d of %d processes cannot be read",
			filesUnknown, len(s.all))
	}
	if s.unread > 0 {
		status = cmp.Or(status, collect.StatusSuccess) + "; " + unreadProcesses(s.unread)
	}
	if len(s.all) > 0 {
		f.Double("oldest_age", oldest.Seconds(), "seconds")
	}
	return f.Metrics, status
}
