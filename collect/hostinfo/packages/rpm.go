package packages

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"virgo/collect/hostinfo/source"
	"virgo/collect/program"
)

const (
	// rpmMark begins the output of each package.
	rpmMark = "=virgo= "
	// rpmBatch packages are queried together.
	rpmBatch = 16
)

// readRPM runs rpm, whose database has had three formats.
func readRPM(ctx context.Context, h *source.Host) ([]softwarePackage, bool, error) {
	if !hasRPM(h) {
		return nil, false, nil
	}
	out, err := runRPM(ctx, h, "-qa", "--queryformat",
		`%{NAME}\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\t%{ARCH}\n`)
	return parseTabbed(out, "rpm"), true, err
}

// hasRPM reports whether there is a database of rpm. Hosts of Debian may have the program, which
// would create an empty one.
func hasRPM(h *source.Host) bool {
	return len(h.Glob("/var/lib/rpm/[Pr]*")) > 0 || len(h.Glob("/usr/lib/sysimage/rpm/[Pr]*")) > 0
}

// runRPM runs rpm, which leaves out a package with a damaged record, prints an error, and still
// ends with 0.
func runRPM(ctx context.Context, h *source.Host, args ...string) ([]byte, error) {
	if h.Output != nil {
		return h.Output(ctx, "rpm", args...)
	}
	out, printed, err := program.OutputAndErrors(ctx, "rpm", args...)
	if err == nil {
		err = rpmError(printed)
	}
	return out, err
}

// rpmError is the first error in what rpm prints on standard error; the rest are warnings.
func rpmError(printed []byte) error {
	for line := range strings.Lines(string(printed)) {
		if text, ok := strings.CutPrefix(line, "error: "); ok {
			return fmt.Errorf("rpm: %s", strings.Join(strings.Fields(text), " "))
		}
	}
	return nil
}

// readRPMChangelogs queries a few packages at once, because the output for all of them would exceed
// its bound. The changelog of a kernel is so long that each version is queried alone: several are
// installed, and rpm prints them all.
func readRPMChangelogs(ctx context.Context, h *source.Host, found cveFindings) error {
	out, err := runRPM(ctx, h, "-qa", "--queryformat", `%{NAME}\n`)
	if err != nil && len(out) == 0 {
		return err
	}
	var problems source.Problems
	problems.Add(err)
	query := func(names ...string) (tooMuch bool) {
		out, err := readRPMChangelog(ctx, h, names...)
		if tooMuch = errors.Is(err, program.ErrTooMuch); tooMuch {
			out = out[:bytes.LastIndexByte(out, '\n')+1] // half a line may end in half a number
		} else {
			problems.Add(err)
		}
		found.addRPM(out)
		return tooMuch
	}
	for batch := range slices.Chunk(distinct(out), rpmBatch) {
		if ctx.Err() != nil {
			break
		}
		if !query(batch...) {
			continue
		}
		for _, name := range batch {
			if !query(name) {
				continue
			}
			versions, err := runRPM(ctx, h, "-q", "--queryformat", `%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\n`, "--", name)
			problems.Add(err)
			for _, version := range distinct(versions) {
				if query(version) {
					problems.Add(fmt.Errorf("only the newest of the changelog of %s was read: rpm %w",
						version, program.ErrTooMuch))
				}
			}
		}
	}
	return problems.Err()
}

// distinct returns the words that a program printed, sorted, each once.
func distinct(out []byte) []string {
	words := strings.Fields(string(out))
	slices.Sort(words)
	return slices.Compact(words)
}

func readRPMChangelog(ctx context.Context, h *source.Host, names ...string) ([]byte, error) {
	args := append([]string{"-q", "--queryformat", rpmMark + `%{NAME}\n[%{CHANGELOGTEXT}\n]`, "--"}, names...)
	return runRPM(ctx, h, args...)
}

// addRPM adds the output of readRPMChangelog.
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
