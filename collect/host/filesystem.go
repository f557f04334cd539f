package host

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	"virgo/collect"
)

type filesystem struct {
	tree  tree
	asker asker
}

func filesystemType(t tree, program []string) collect.Type {
	return collect.Type{
		Name:    "agent.filesystem",
		Summary: "space and files of mounted file systems",
		Details: []collect.Detail{{Name: "target", Summary: "mount point, for example /home, or * for all on disks and network", Required: true}},
		Telling: []string{"avail", "used", "total", "free_files"},
		Checker: filesystem{tree: t, asker: asker{program: program, statfs: statfs}},
	}
}

// Targets lists the mount points that target * reports.
func (f filesystem) Targets(ctx context.Context) ([]string, error) {
	mounts, err := readMounts(ctx, f.tree, "")
	if err != nil {
		return nil, err
	}
	return points(listed(mounts)), nil
}

func points(mounts []mount) []string {
	names := make([]string, len(mounts))
	for i, m := range mounts {
		names[i] = m.point
	}
	return names
}

// Check reports the file system mounted at the target, of whatever type, or all local and remote ones
// (target *; bind mounts once, pseudo file systems and images like squashfs not at all). Sizes are in
// kilobytes of 1024 bytes: total = used + free, and avail is what of free anybody can have, not just root.
//
// One that does not answer costs HangLimit, is named by the status, and is left alone for HangRest.
func (f filesystem) Check(ctx context.Context, req collect.Request) (collect.Report, error) {
	if err := ctx.Err(); err != nil {
		return collect.Report{Sample: req.Previous}, err
	}
	name, wrong := target(req)
	if wrong != "" {
		return unavailable(wrong)
	}
	point := cleanPoint(name)
	mounts, err := readMounts(ctx, f.tree, point)
	if err != nil {
		return collect.Report{Sample: req.Previous}, err
	}
	all := listed(mounts)
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

	boot := bootMark(f.tree, req.Now())
	round := round{now: req.Now(), before: parseHangs(req.Previous, boot)}
	var asked []mount
	for _, m := range all {
		if h, ok := resting(round.before, m, round.now); ok {
			round.rests(h)
		} else {
			asked = append(asked, m)
		}
	}
	for i, a := range f.asker.ask(ctx, asked) {
		round.answered(asked[i], a, name == allTargets)
	}
	report := collect.Report{
		Status:  strings.Join(round.trouble, "; "),
		Metrics: round.figures.Metrics,
		Sample:  encodeHangs(round.hangs, boot),
	}
	if len(report.Metrics) == 0 && round.ended != nil {
		return report, round.ended
	}
	if report.Unavailable = len(report.Metrics) == 0; report.Unavailable && report.Status == "" {
		report.Status = "no file system has any size"
	}
	return report, nil
}

// A round is what comes of asking some file systems.
type round struct {
	now     time.Time
	before  []hang
	hangs   []hang
	trouble []string // what the status has to say
	ended   error    // the context's, where there was no time to ask all
	figures collect.Figures
}

// clock is how a status tells a time.
const clock = "15:04:05 UTC"

func (r *round) rests(h hang) {
	r.hangs = append(r.hangs, h)
	r.trouble = append(r.trouble, h.point+" did not answer at "+h.at.UTC().Format(clock)+
		" and is left alone until "+h.at.Add(HangRest).UTC().Format(clock))
}

func (r *round) answered(m mount, a answer, all bool) {
	switch {
	case a.err == nil:
		if all && a.usage.total == 0 {
			return // as df does: it holds nothing, whatever its type
		}
		if all {
			r.figures.Dimension = m.point
		}
		r.figures.Metrics = slices.Grow(r.figures.Metrics, 7)
		a.usage.add(&r.figures, m)
	case errors.Is(a.err, errHangs):
		r.hangs = append(r.hangs, hang{id: m.id, point: m.point, at: r.now})
		r.trouble = append(r.trouble, m.point+" does not answer")
	case errors.Is(a.err, context.DeadlineExceeded), errors.Is(a.err, context.Canceled):
		r.ended = a.err
		r.trouble = append(r.trouble, m.point+" was not asked: the check's time was up")
	case all && isFUSE([]byte(m.kind)) && errors.Is(a.err, fs.ErrPermission):
		// A user's own; the kernel keeps it from everybody else, root included.
	default:
		r.trouble = append(r.trouble, m.point+": "+a.err.Error())
	}
}

func (u usage) add(f *collect.Figures, m mount) {
	f.Int64("total", u.total, "kilobytes")
	f.Int64("free", u.free, "kilobytes")
	f.Int64("used", u.used, "kilobytes")
	f.Int64("avail", u.avail, "kilobytes")
	f.Int64("files", u.files, "files")
	f.Int64("free_files", u.freeFiles, "files")
	f.Text("options", m.options)
}
