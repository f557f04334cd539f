package host

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/detail"
)

type files struct {
	tree   tree
	prober statProber
}

func fileType(t tree, program func() []string) collect.Type {
	return collect.Type{
		Name:    "agent.file",
		Summary: "a file, or the newest of several: size, age, mode, owner, content",
		Details: []collect.Detail{
			{Name: "target", Role: schedule.Path, Kind: detail.AbsolutePath, Required: true,
				Summary: "path, or a pattern with * ? [ ] that several may match"},
			{Name: "content_match", Role: schedule.Regexp, Kind: detail.Regexp, Summary: "regular expression that its content must match"},
			{Name: "max_age", Role: schedule.Free, Kind: detail.Seconds, Summary: "maximum age, in seconds or for example as 2h"},
			{Name: "min_size", Role: schedule.Free, Kind: detail.Integer, Min: anyNumber, Summary: "minimum size in bytes"},
			{Name: "max_size", Role: schedule.Free, Kind: detail.Integer, Min: anyNumber, Summary: "maximum size in bytes"},
		},
		KeyMetrics: []string{"exists", "count", "size", "age"},
		KernelOnly: true,
		Checker:    files{tree: t, prober: statProber{program: program, statfs: statfs}},
	}
}

// Check reports exists (bool), and count and total_size (bytes) of all files that match. Of the one
// modified last it reports size (bytes), age (seconds since the modification; negative for a date
// in the future), mode (octal, four digits), owner (name, or number if it has none) and, if the
// detail is set, content_match (bool; the text is never reported). Symbolic links are followed.
//
// A target that exists as written is that one file. Otherwise it is a pattern (path.Match), whose *
// and ? do not match a dot at the beginning of a name, as in a shell.
//
// If no file exists, the check is available with exists false, unless content_match, max_age or
// min_size require a file. If a file does not meet the details, the check is unavailable, and the
// status names the reason.
//
// The check never blocks on a file: devices, FIFOs and sockets are not opened. Network and FUSE
// file systems on the path are probed first, as by agent.filesystem; one that hangs is not probed
// again for ProbeBackoff.
func (f files) Check(ctx context.Context, req collect.Request) (collect.Report, error) {
	if err := ctx.Err(); err != nil {
		return collect.Report{Sample: req.Previous}, err
	}
	want, err := parseFileCriteria(req.Check.Details)
	if err != nil {
		return collect.Report{}, err
	}
	want.guard = req.Guard
	sample, err := f.probeMounts(ctx, want.target, req)
	if err != nil {
		return collect.Report{Sample: sample}, err
	}
	found, err := findWithin(ctx, want)
	if err != nil {
		return collect.Report{Sample: sample}, err
	}
	if wrong := want.mismatch(found, req.Now()); wrong != "" {
		return collect.Report{Sample: sample, Unavailable: true, Status: wrong}, nil
	}
	report := collect.Report{Sample: sample, Metrics: found.metrics(want, req.Now())}
	switch {
	case found.newest == nil && want.isPattern():
		report.Status = "No file matches " + want.target
	case found.newest == nil:
		report.Status = "No such file: " + want.target
	case found.partial:
		report.Status = fmt.Sprintf("success, of %s only the last %d bytes were read", found.path, maxContentBytes)
	}
	return report, nil
}

// findWithin finds the files in a goroutine, which is abandoned if a file system hangs past the end
// of ctx.
func findWithin(ctx context.Context, w fileCriteria) (foundFiles, error) {
	type result struct {
		foundFiles
		err error
	}
	done := make(chan result, 1)
	go func() {
		s, err := w.find(ctx)
		done <- result{s, err}
	}()
	select {
	case s := <-done:
		return s.foundFiles, s.err
	case <-ctx.Done():
		return foundFiles{}, ctx.Err()
	}
}

// probeMounts probes the file systems that may hang and are on the path of the target, or below the
// part of it before the first pattern. It returns the sample to store, and an error that names the
// file systems that do not answer.
func (f files) probeMounts(ctx context.Context, target string, req collect.Request) (sample []byte, err error) {
	mounts, err := readMounts(ctx, f.tree, "")
	if err != nil {
		return req.Previous, err
	}
	var probed []mount
	fixed := fixedPart(target)
	for _, m := range mounts {
		if m.mayHang() && (below(fixed, m.point) || fixed != target && below(m.point, fixed)) {
			probed = append(probed, m)
		}
	}
	if len(probed) == 0 {
		return nil, nil
	}
	boot := bootID(f.tree, req.Now())
	results := probes{now: req.Now(), before: parseHangs(req.Previous, boot)}
	for _, m := range probed {
		if h, ok := inBackoff(results.before, m, results.now); ok {
			results.addBackoff(h)
		}
	}
	if len(results.problems) == 0 {
		for i, a := range f.prober.probe(ctx, probed) {
			if a.err == errHangs {
				results.addAnswer(probed[i], a, true)
			}
		}
	}
	sample = encodeHangs(results.hangs, boot)
	if len(results.problems) > 0 {
		return sample, fmt.Errorf("%s was not checked: %s", target, strings.Join(results.problems, "; "))
	}
	return sample, ctx.Err()
}

// fixedPart returns the folder before the first pattern of a target; the target itself if it has no
// pattern.
func fixedPart(target string) string {
	at := strings.IndexAny(target, patternSigns)
	if at < 0 {
		return target
	}
	return filepath.Dir(target[:at] + "x")
}

// below reports whether the path is the folder or in it.
func below(path, folder string) bool {
	rest, ok := strings.CutPrefix(path, strings.TrimRight(folder, "/"))
	return ok && (rest == "" || rest[0] == '/')
}

func (s foundFiles) metrics(w fileCriteria, now time.Time) []collect.Metric {
	var f collect.MetricBuilder
	f.Bool("exists", s.newest != nil)
	f.Uint64("count", s.count, "files")
	f.Uint64("total_size", s.total, "bytes")
	if s.newest == nil {
		return f.Metrics
	}
	f.Uint64("size", size(s.newest), "bytes")
	f.Double("age", now.Sub(s.modified).Seconds(), "seconds")
	f.Text("mode", octal(s.newest.Mode()))
	if owner := fileOwner(s.path, s.newest); owner != "" {
		f.Text("owner", owner)
	}
	if w.content != nil {
		f.Bool("content_match", s.matched)
	}
	return f.Metrics
}

func size(info fs.FileInfo) uint64 { return uint64(max(0, info.Size())) }

// octal returns a file's permissions in the form that chmod(1) accepts.
func octal(m fs.FileMode) string {
	n := uint32(m.Perm())
	for i, bit := range [...]fs.FileMode{fs.ModeSticky, fs.ModeSetgid, fs.ModeSetuid} {
		if m&bit != 0 {
			n |= 1 << (9 + i)
		}
	}
	return fmt.Sprintf("%04o", n)
}
