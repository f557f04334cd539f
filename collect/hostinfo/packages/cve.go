package packages

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"virgo/collect/hostinfo/source"
)

// Bounds of what one answer about CVEs reads.
const (
	// maxChangelog bytes of one changelog are read, unpacked.
	maxChangelog = 16 << 20
	// maxChangelogs bytes are read in all.
	maxChangelogs = 512 << 20
)

// A fixedCVE is a vulnerability that changelogs of installed packages name as fixed.
type fixedCVE struct {
	CVE      string   `json:"cve" doc:"number: CVE-2024-3094"`
	Packages []string `json:"packages" doc:"installed packages whose changelog names it"`
}

func cveType() source.Type {
	return source.Type{
		Name:    "cve",
		Summary: "fixed CVEs, from the changelogs of the installed packages",
		Systems: []string{"linux"},
		Shape:   []fixedCVE{},
		Read:    readCVE,
	}
}

func readCVE(ctx context.Context, h *source.Host) (any, error) {
	var problems source.Problems
	found := cveFindings{}
	logs := listDebianChangelogs(h)
	left := int64(maxChangelogs)
	for _, file := range logs {
		folder := path.Dir(file)
		// A link to another package's folder is left out: that folder is read itself.
		if info, err := os.Lstat(h.Path(folder)); err != nil || !info.IsDir() || ctx.Err() != nil {
			continue
		}
		name := path.Base(folder)
		read, err := readDebianChangelog(h, file, min(left, maxChangelog), func(line []byte) { found.add(name, line) })
		problems.Add(err)
		if left -= read; left <= 0 {
			problems.Add(fmt.Errorf("only the first %d bytes of the changelogs were read", maxChangelogs))
			break
		}
	}
	if hasRPM(h) {
		problems.Add(readRPMChangelogs(ctx, h, found))
	}
	if len(logs) == 0 && !hasRPM(h) {
		problems.Add(errors.New("no changelogs of packages were found (/usr/share/doc, rpm)"))
	}
	problems.Add(ctx.Err())
	return source.NonNil(found.list()), problems.Err()
}

// listDebianChangelogs lists the packages' changelogs: changelog.Debian.gz, or of a package without
// it, which is Debian's own, changelog.gz.
func listDebianChangelogs(h *source.Host) []string {
	logs := h.Glob("/usr/share/doc/*/changelog.Debian*.gz")
	folders := map[string]bool{}
	for _, file := range logs {
		folders[path.Dir(file)] = true
	}
	for _, file := range h.Glob("/usr/share/doc/*/changelog.gz") {
		if !folders[path.Dir(file)] {
			logs = append(logs, file)
		}
	}
	return logs
}

// cveFindings are packages by the CVE's number.
type cveFindings map[string][]string

// add searches a line of a package's changelog.
func (c cveFindings) add(name string, line []byte) {
	for _, number := range findCVEs(line) {
		if named := c[number]; !slices.Contains(named, name) && len(named) < source.MaxRows {
			c[number] = append(named, name)
		}
	}
}

func (c cveFindings) list() []fixedCVE {
	all := make([]fixedCVE, 0, len(c))
	for number, packages := range c {
		slices.Sort(packages)
		all = append(all, fixedCVE{number, packages})
	}
	slices.SortFunc(all, func(a, b fixedCVE) int { return strings.Compare(a.CVE, b.CVE) })
	return all
}

// findCVEs returns the numbers in a line: CVE, a year of four digits, and four to seven digits.
func findCVEs(line []byte) []string {
	var all []string
	for {
		_, after, ok := bytes.Cut(line, []byte("CVE-"))
		if !ok {
			return all
		}
		line = after
		year := countDigits(after)
		if year != 4 || len(after) < 6 || after[4] != '-' {
			continue
		}
		if n := countDigits(after[5:]); n >= 4 && n <= 7 {
			all = append(all, "CVE-"+string(after[:5+n]))
		}
	}
}

// countDigits counts the digits at the start of a text.
func countDigits(b []byte) int {
	return len(b) - len(bytes.TrimLeft(b, "0123456789"))
}

// readDebianChangelog unpacks a changelog and calls line with its lines, up to most bytes of them.
func readDebianChangelog(h *source.Host, file string, most int64, line func([]byte)) (read int64, err error) {
	packed, err := h.Read(file)
	if err != nil {
		return 0, err
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return 0, fmt.Errorf("unpacking %s: %w", file, err)
	}
	limited := &io.LimitedReader{R: z, N: most}
	s := bufio.NewScanner(limited)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		line(s.Bytes())
	}
	if err := s.Err(); err != nil {
		return most - limited.N, fmt.Errorf("unpacking %s: %w", file, err)
	}
	return most - limited.N, nil
}
