package hostinfo

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
)

// Bounds of what one answer about CVEs reads.
const (
	// maxChangelog bytes of one changelog are read, unpacked.
	maxChangelog = 16 << 20
	// maxChangelogs bytes are read in all.
	maxChangelogs = 512 << 20
)

// A fixedCVE is a vulnerability that changelogs of installed packages speak of as mended.
type fixedCVE struct {
	CVE      string   `json:"cve" doc:"number: CVE-2024-3094"`
	Packages []string `json:"packages" doc:"installed packages whose changelog names it"`
}

func cveType() Type {
	return Type{
		Name:    "cve",
		Summary: "vulnerabilities that the installed packages' changelogs name as mended",
		Systems: []string{"linux"},
		Shape:   []fixedCVE{},
		Read:    readCVE,
	}
}

func readCVE(ctx context.Context, h *Host) (any, error) {
	var f faults
	found := cveFindings{}
	logs := h.debianChangelogs()
	room := int64(maxChangelogs)
	for _, file := range logs {
		folder := path.Dir(file)
		// A folder that is a link to another package's is read where it leads.
		if info, err := os.Lstat(h.path(folder)); err != nil || !info.IsDir() || ctx.Err() != nil {
			continue
		}
		read, err := h.debianChangelog(file, min(room, maxChangelog), func(line []byte) { found.add(path.Base(folder), line) })
		f.add(err)
		if room -= read; room <= 0 {
			f.add(fmt.Errorf("only the first %d bytes of the changelogs were read", maxChangelogs))
			break
		}
	}
	if h.hasRPM() {
		f.add(h.rpmChangelogs(ctx, found))
	}
	if len(logs) == 0 && !h.hasRPM() {
		f.add(errors.New("no changelogs of packages are here (looked in /usr/share/doc and for rpm)"))
	}
	f.add(ctx.Err())
	return told(found.list()), f.err()
}

// debianChangelogs lists the packages' changelogs: of a package that Debian itself makes it is changelog.gz,
// which is upstream's, and left out, where changelog.Debian.gz is there too.
func (h *Host) debianChangelogs() []string {
	logs := h.glob("/usr/share/doc/*/changelog.Debian*.gz")
	folders := map[string]bool{}
	for _, file := range logs {
		folders[path.Dir(file)] = true
	}
	for _, file := range h.glob("/usr/share/doc/*/changelog.gz") {
		if !folders[path.Dir(file)] {
			logs = append(logs, file)
		}
	}
	return logs
}

// cveFindings has the packages by the CVE's number.
type cveFindings map[string][]string

// add looks through a line of a package's changelog.
func (c cveFindings) add(name string, line []byte) {
	for _, number := range findCVEs(line) {
		if named := c[number]; !slices.Contains(named, name) && len(named) < MaxRows {
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

// findCVEs gives the numbers in a line: CVE, a year of four digits, and four to seven digits.
func findCVEs(line []byte) []string {
	var all []string
	for {
		_, after, ok := bytes.Cut(line, []byte("CVE-"))
		if !ok {
			return all
		}
		line = after
		year := digits(after)
		if year != 4 || len(after) < 6 || after[4] != '-' {
			continue
		}
		if n := digits(after[5:]); n >= 4 && n <= 7 {
			all = append(all, "CVE-"+string(after[:5+n]))
		}
	}
}

// digits counts those that a text starts with.
func digits(b []byte) int {
	return len(b) - len(bytes.TrimLeft(b, "0123456789"))
}

// debianChangelog unpacks a changelog and gives its lines away, at most most bytes of them.
func (h *Host) debianChangelog(file string, most int64, line func([]byte)) (read int64, err error) {
	packed, err := h.read(file)
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
