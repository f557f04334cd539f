package hostinfo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"virgo/collect/program"
)

const (
	// rpmMark starts the part of a package in what rpm prints.
	rpmMark = "=virgo= "
	// rpmAtOnce packages are asked for together.
	rpmAtOnce = 16
)

// readRPM asks rpm, whose database has had three formats.
func readRPM(ctx context.Context, h *Host) ([]softwarePackage, bool, error) {
	if !h.hasRPM() {
		return nil, false, nil
	}
	out, err := h.rpm(ctx, "-qa", "--queryformat", `%{NAME}\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\t%{ARCH}\n`)
	return parseTabbed(out, "rpm"), true, err
}

// hasRPM says whether there is a database of rpm's: also Debian's hosts may have the program, which would make an
// empty one.
func (h *Host) hasRPM() bool {
	return len(h.glob("/var/lib/rpm/[Pr]*")) > 0 || len(h.glob("/usr/lib/sysimage/rpm/[Pr]*")) > 0
}

// rpm asks rpm. A package whose record is damaged it leaves out, says so, and ends with 0.
func (h *Host) rpm(ctx context.Context, args ...string) ([]byte, error) {
	if h.Output != nil {
		return h.Output(ctx, "rpm", args...)
	}
	out, said, err := program.OutputAndErrors(ctx, "rpm", args...)
	if err == nil {
		err = rpmComplaint(said)
	}
	return out, err
}

// rpmComplaint is the first error in what rpm said; the rest are warnings.
func rpmComplaint(said []byte) error {
	for line := range strings.Lines(string(said)) {
		if complaint, ok := strings.CutPrefix(line, "error: "); ok {
			return fmt.Errorf("rpm: %s", strings.Join(strings.Fields(complaint), " "))
		}
	}
	return nil
}

// rpmChangelogs asks rpm, a few packages at once, because it prints more than is kept for all of them. The one of a
// kernel is so long that it is asked for with each version alone: several are installed, and rpm prints them all.
func (h *Host) rpmChangelogs(ctx context.Context, found cveFindings) error {
	out, err := h.rpm(ctx, "-qa", "--queryformat", `%{NAME}\n`)
	if err != nil && len(out) == 0 {
		return err
	}
	var f faults
	f.add(err)
	ask := func(names ...string) (tooMuch bool) {
		out, err := h.rpmChangelog(ctx, names...)
		if tooMuch = errors.Is(err, program.ErrTooMuch); tooMuch {
			out = out[:bytes.LastIndexByte(out, '\n')+1] // half a line may have half a number
		} else {
			f.add(err)
		}
		found.addRPM(out)
		return tooMuch
	}
	for some := range slices.Chunk(distinct(out), rpmAtOnce) {
		if ctx.Err() != nil {
			break
		}
		if !ask(some...) {
			continue
		}
		for _, name := range some {
			if !ask(name) {
				continue
			}
			versions, err := h.rpm(ctx, "-q", "--queryformat", `%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\n`, "--", name)
			f.add(err)
			for _, version := range distinct(versions) {
				if ask(version) {
					f.add(fmt.Errorf("only the newest of the changelog of %s was read: rpm %w", version, program.ErrTooMuch))
				}
			}
		}
	}
	return f.err()
}

// distinct gives the words that a program printed, sorted, each once.
func distinct(out []byte) []string {
	words := strings.Fields(string(out))
	slices.Sort(words)
	return slices.Compact(words)
}

func (h *Host) rpmChangelog(ctx context.Context, names ...string) ([]byte, error) {
	args := append([]string{"-q", "--queryformat", rpmMark + `%{NAME}\n[%{CHANGELOGTEXT}\n]`, "--"}, names...)
	return h.rpm(ctx, args...)
}

// addRPM reads what rpmChangelog gives.
func (c cveFindings) addRPM(out []byte) {
	name := ""
	for line := range bytes.Lines(out) {
		if marked, ok := bytes.CutPrefix(line, []byte(rpmMark)); ok {
			name = string(bytes.TrimSpace(marked))
			continue
		}
		c.add(name, line)
	}
}
