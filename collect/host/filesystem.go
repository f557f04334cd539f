package host

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	"virgo/collect"
	"virgo/schedule"
)

type filesystem struct {
	tree   tree
	prober statProber
}

func filesystemType(t tree, program func() []string) collect.Type {
	return collect.Type{
		Name:    "agent.filesystem",
		Summary: "space and inodes of mounted file systems",
		Details: []collect.Detail{
			{Name: "target", Role: schedule.Other, Summary: "mount point, for example /home, or * for all on disks and network", Required: true},
		},
		KeyMetrics: []string{"used%used+avail", "avail", "free_files%files"},
		KernelOnly: true,
		Checker:    filesystem{tree: t, prober: statProber{program: program, statfs: statfs}},
	}
}

// Targets returns the mount points that the target * selects.
func (f filesystem) Targets(ctx context.Context) ([]string, error) {
	mounts, err := readMounts(ctx, f.tree, "")
	if err != nil {
		return nil, err
	}
	return points(f.tree.distinctMounts(mounts)), nil
}

func points(mounts []mount) []string {
	names := make([]string, len(mounts))
	for i, m := range mounts {
		names[i] = m.point
	}
	return names
}

// Check reports the file system that is mounted at the target, whatever its type. Target * selects
// all local and remote file systems; one with several bind mounts is reported once, pseudo file
// systems and images such as squashfs are not. Sizes are in kilobytes of 1024 bytes: total = used +
// free, and avail is the part of free that is not reserved for root. files and free_files are left out
// where the file system has no fixed number of files (btrfs, vfat), and on Windows.
//
// A file system that does not answer delays the check by ProbeTimeout. It is named in the status
// and not probed again for ProbeBackoff.
func (f filesystem) Check(ctx context.Context, req collect.Request) (collect.Report, error) {
	if err := ctx.Err(); err != nil {
		return collect.Report{Sample: req.Previous}, err
	}
	name, err := collect.OptionalText(req.Check.Details, "target")
	if err != nil {
		return collect.Report{}, err
	}
	point := cleanPoint(name)
	mounts, err := readMounts(ctx, f.tree, point)
	if err != nil {
		return collect.Report{Sample: req.Previous}, err
	}
	all := f.tree.distinctMounts(mounts)
	if name != allTargets {
		if name == "" {
			return unavailable("Missing target parameter, available: " + strings.Join(points(all), ","))
		}
		m, ok := mountedAt(mounts, point)
		if !ok {
			return unavailable("No filesystem mounted at " + name + ", available: " + strings.Join(points(all), ","))
		}
		all = []mount{m}
	} else if len(all) == 0 {
		return collect.Report{}, errors.New("no file systems on disks or network are mounted")
	}

	boot := bootID(f.tree, req.Now())
	results := probes{now: req.Now(), before: parseHangs(req.Previous, boot)}
	var probed []mount
	for _, m := range all {
		if h, ok := inBackoff(results.before, m, results.now); ok {
			results.addBackoff(h)
		} else {
			probed = append(probed, m)
		}
	}
	for i, a := range f.prober.probe(ctx, probed) {
		results.addAnswer(probed[i], a, name == allTargets)
	}
	report := collect.Report{
		Status:  strings.Join(results.problems, "; "),
		Metrics: results.figures.Metrics,
		Sample:  encodeHangs(results.hangs, boot),
	}
	if len(report.Metrics) == 0 && results.ended != nil {
		return report, results.ended
	}
	if report.Unavailable = len(report.Metrics) == 0; report.Unavailable && report.Status == "" {
		report.Status = "no file system has any size"
	}
	return report, nil
}

// probes are the results of probing file systems.
type probes struct {
	now      time.Time
	before   []hang
	hangs    []hang
	problems []string // for the status
	ended    error    // the context's, where there was no time to probe all
	figures  collect.MetricBuilder
}

// clockFormat is the format of times in a status.
const clockFormat = "15:04:05 UTC"

func (r *probes) addBackoff(h hang) {
	r.hangs = append(r.hangs, h)
	r.problems = append(r.problems, h.point+" did not answer at "+h.at.UTC().Format(clockFormat)+
		" and is not probed again until "+h.at.Add(ProbeBackoff).UTC().Format(clockFormat))
}

func (r *probes) addAnswer(m mount, a answer, all bool) {
	switch {
	case a.err == nil:
		if all && a.usage.total == 0 {
			return // as df does: it has no storage, whatever its type
		}
		if all {
			r.figures.Dimension = m.point
		}
		r.figures.Metrics = slices.Grow(r.figures.Metrics, 7)
		a.usage.add(&r.figures, m)
	case errors.Is(a.err, errHangs):
		r.hangs = append(r.hangs, hang{id: m.id, point: m.point, at: r.now})
		r.problems = append(r.problems, m.point+" does not answer")
	case errors.Is(a.err, context.DeadlineExceeded), errors.Is(a.err, context.Canceled):
		r.ended = a.err
		r.problems = append(r.problems, m.point+" was not probed: the check's time was up")
	case all && isFUSE([]byte(m.kind)) && errors.Is(a.err, fs.ErrPermission):
		// A user's mount, which the kernel closes to everybody else, root included.
	default:
		r.problems = append(r.problems, m.point+": "+a.err.Error())
	}
}

func (u usage) add(f *collect.MetricBuilder, m mount) {
	f.Int64("total", u.total, "kilobytes")
	f.Int64("free", u.free, "kilobytes")
	f.Int64("used", u.used, "kilobytes")
	f.Int64("avail", u.avail, "kilobytes")
	if u.files > 0 { // none free is an alarm, a file system without a fixed number is not
		f.Int64("files", u.files, "files")
		f.Int64("free_files", u.freeFiles, "files")
	}
	f.Text("options", m.options)
}
