package host

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"virgo/collect"
)

// A process is one that matched.
type process struct {
	pid   uint64
	start uint64 // when it started, on a clock of the system's: with pid, it names the process
	age   time.Duration
	ticks uint64 // processor time, in ticks of ticksPerSecond
	rss   uint64 // bytes
	// threads and files are what it has open; not known where the system, or its owner, does not tell.
	threads, files           uint64
	threadsKnown, filesKnown bool
}

type processes struct {
	tree   tree
	self   int // the agent's own number, which never matches
	read   func(ctx context.Context, p processes, w wanted, at time.Duration, now time.Time) ([]process, error)
	uptime func(now time.Time) time.Duration
}

func processType(t tree) collect.Type {
	return collect.Type{
		Name:    "agent.process",
		Summary: "processes by name or command line: how many, and what they use together",
		Details: []collect.Detail{
			{Name: "name", Summary: "name of the program, for example nginx; this or match is needed"},
			{Name: "match", Summary: "regular expression on the command line"},
			{Name: "user", Summary: "only this user's, by name or number"},
			{Name: "min", Summary: "how many there have to be (1)"},
			{Name: "max", Summary: "how many there may be"},
		},
		Telling: []string{"count", "cpu_percent", "rss", "oldest_age"},
		Checker: processes{tree: t, self: os.Getpid(), read: readProcesses, uptime: uptime},
	}
}

// Check counts the processes that match and adds up what they use: cpu_percent (100 is one processor), rss in
// bytes (pages that several share are counted with each), threads, open_files, and the age of the oldest in
// seconds. Ended ones that nobody waited for yet (zombies) are none, and neither is the agent itself, whose own
// command line may have the pattern in it. More or fewer than max and min are unavailable.
//
// cpu_percent is the time since the previous sample. A process that started since then counts with all of its
// time, one that ended not at all, and one that is older but was not in the sample (it was renamed) from now on.
func (p processes) Check(ctx context.Context, req collect.Request) (collect.Report, error) {
	if err := ctx.Err(); err != nil {
		return collect.Report{Sample: req.Previous}, err
	}
	w, err := parseWanted(req.Check.Details)
	if err != nil {
		return collect.Report{}, err
	}
	boot := bootMark(p.tree, req.Now())
	now, err := p.sample(ctx, w, req)
	if err != nil {
		return collect.Report{}, err
	}
	if status := w.outside(int64(len(now.all))); status != "" {
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

func (p processes) sample(ctx context.Context, w wanted, req collect.Request) (processSample, error) {
	s := processSample{at: p.uptime(req.Now()).Truncate(time.Millisecond)}
	var err error
	s.all, err = p.read(ctx, p, w, s.at, req.Now())
	slices.SortFunc(s.all, func(a, b process) int { return cmp.Compare(a.pid, b.pid) })
	return s, err
}

// sums are the metrics, and what the status has to say of those that are left out.
func (s processSample) sums(before processSample) (metrics []collect.Metric, status string) {
	var (
		f                    collect.Figures
		rss, threads, files  uint64
		oldest               time.Duration
		mute, withoutThreads int
	)
	for _, p := range s.all {
		rss, threads, files = rss+p.rss, threads+p.threads, files+p.files
		oldest = max(oldest, p.age)
		if !p.filesKnown {
			mute++
		}
		if !p.threadsKnown {
			withoutThreads++
		}
	}
	f.Int64("count", uint64(len(s.all)), "processes")
	if percent, ok := s.cpuPercent(before); ok {
		f.Double("cpu_percent", percent, "percent")
	}
	f.Uint64("rss", rss, "bytes")
	if withoutThreads == 0 {
		f.Uint64("threads", threads, "threads")
	}
	if mute == 0 {
		f.Uint64("open_files", files, "files")
	} else {
		status = fmt.Sprintf("success, without open_files: those of %d of %d processes cannot be read", mute, len(s.all))
	}
	if len(s.all) > 0 {
		f.Double("oldest_age", oldest.Seconds(), "seconds")
	}
	return f.Metrics, status
}
