package host

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"virgo/collect"
)

type files struct {
	tree  tree
	asker asker
}

func fileType(t tree, program []string) collect.Type {
	return collect.Type{
		Name:    "agent.file",
		Summary: "a file, or the newest of several: size, age, mode, owner, content",
		Details: []collect.Detail{
			{Name: "target", Summary: "path, or a pattern with * ? [ ] that several may match", Required: true},
			{Name: "content_match", Summary: "regular expression that has to be found in it"},
			{Name: "max_age", Summary: "how old it may be, in seconds or as 2h"},
			{Name: "min_size", Summary: "how many bytes it has to have"},
			{Name: "max_size", Summary: "how many bytes it may have"},
		},
		Telling: []string{"exists", "count", "size", "age"},
		Checker: files{tree: t, asker: asker{program: program, statfs: statfs}},
	}
}

// Check reports exists (truth value), count and total_size (bytes) of all that match, and of the one that was
// changed last its size (bytes), age (seconds since the change; below 0 for a date in the future), mode (octal,
// four digits), owner (name, or number where it has none) and, where asked for, content_match (truth value;
// what was found is never told). Symbolic links are followed.
//
// A target that exists as it is written is that one file; else it is a pattern (path.Match), whose * and ? do not
// match a dot at the beginning of a name, as in a shell.
//
// Nothing there is an answer: available, exists false. It is unavailable where content_match, max_age or min_size
// ask for something that nothing cannot have. A file that is not as asked for is unavailable, and the status says how.
//
// No file is waited for: devices, FIFOs and sockets are looked at and never opened. File systems of network and FUSE
// on the way are asked for a sign of life first, as agent.filesystem does it, and one without is left alone
// for HangRest.
func (f files) Check(ctx context.Context, req collect.Request) (collect.Report, error) {
	if err := ctx.Err(); err != nil {
		return collect.Report{Sample: req.Previous}, err
	}
	w, err := parseFileWanted(req.Check.Details)
	if err != nil {
		return collect.Report{}, err
	}
	sample, err := f.alive(ctx, w.target, req)
	if err != nil {
		return collect.Report{Sample: sample}, err
	}
	s, err := seeWithin(ctx, w)
	if err != nil {
		return collect.Report{Sample: sample}, err
	}
	if wrong := w.wrong(s, req.Now()); wrong != "" {
		return collect.Report{Sample: sample, Unavailable: true, Status: wrong}, nil
	}
	report := collect.Report{Sample: sample, Metrics: s.metrics(w, req.Now())}
	switch {
	case s.newest == nil && w.isPattern():
		report.Status = "No file matches " + w.target
	case s.newest == nil:
		report.Status = "No such file: " + w.target
	case s.cut:
		report.Status = fmt.Sprintf("success, of %s only the last %d bytes were read", s.path, maxContentBytes)
	}
	return report, nil
}

// seeWithin looks in a goroutine, which stays behind where a file system keeps it past the end of ctx.
func seeWithin(ctx context.Context, w fileWanted) (sight, error) {
	type seen struct {
		sight
		err error
	}
	done := make(chan seen, 1)
	go func() {
		s, err := w.see(ctx)
		done <- seen{s, err}
	}()
	select {
	case s := <-done:
		return s.sight, s.err
	case <-ctx.Done():
		return sight{}, ctx.Err()
	}
}

// alive asks the file systems that may hang and that lie on the way to the target, or below the part of it that
// is no pattern. It returns the sample to keep, and an error that names the one that does not answer.
func (f files) alive(ctx context.Context, target string, req collect.Request) (sample []byte, err error) {
	mounts, err := readMounts(ctx, f.tree, "")
	if err != nil {
		return req.Previous, err
	}
	var asked []mount
	fixed := fixedPart(target)
	for _, m := range listed(mounts) {
		if m.mayHang() && (below(fixed, m.point) || fixed != target && below(m.point, fixed)) {
			asked = append(asked, m)
		}
	}
	if len(asked) == 0 {
		return nil, nil
	}
	boot := bootMark(f.tree, req.Now())
	round := round{now: req.Now(), before: parseHangs(req.Previous, boot)}
	for _, m := range asked {
		if h, ok := resting(round.before, m, round.now); ok {
			round.rests(h)
		}
	}
	if len(round.trouble) == 0 {
		for i, a := range f.asker.ask(ctx, asked) {
			if a.err == errHangs {
				round.answered(asked[i], a, true)
			}
		}
	}
	sample = encodeHangs(round.hangs, boot)
	if len(round.trouble) > 0 {
		return sample, fmt.Errorf("%s was not looked at: %s", target, strings.Join(round.trouble, "; "))
	}
	return sample, ctx.Err()
}

// fixedPart is the folder of a target's part that is no pattern; the target itself where nothing of it is.
func fixedPart(target string) string {
	at := strings.IndexAny(target, patternSigns)
	if at < 0 {
		return target
	}
	return filepath.Dir(target[:at] + "x")
}

// below reports whether the path is the folder or lies in it.
func below(path, folder string) bool {
	rest, ok := strings.CutPrefix(path, strings.TrimRight(folder, "/"))
	return ok && (rest == "" || rest[0] == '/')
}

// metrics are those of what was seen.
func (s sight) metrics(w fileWanted, now time.Time) []collect.Metric {
	var f collect.Figures
	f.Bool("exists", s.newest != nil)
	f.Uint64("count", s.count, "files")
	f.Uint64("total_size", s.total, "bytes")
	if s.newest == nil {
		return f.Metrics
	}
	f.Uint64("size", size(s.newest), "bytes")
	f.Double("age", now.Sub(s.newest.ModTime()).Seconds(), "seconds")
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

// octal is a file's permissions as chmod(1) takes them.
func octal(m fs.FileMode) string {
	n := uint32(m.Perm())
	for i, bit := range [...]fs.FileMode{fs.ModeSticky, fs.ModeSetgid, fs.ModeSetuid} {
		if m&bit != 0 {
			n |= 1 << (9 + i)
		}
	}
	return fmt.Sprintf("%04o", n)
}
