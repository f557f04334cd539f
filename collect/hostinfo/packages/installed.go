package packages

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"

	"virgo/collect/hostinfo/source"
)

// A softwarePackage is an installed package.
type softwarePackage struct {
	Name         string `json:"name" doc:"name of the package"`
	Version      string `json:"version" doc:"version with epoch and release, as its manager formats it"`
	Architecture string `json:"architecture" doc:"as its manager names it; empty if the manager has none"`
	Status       string `json:"status" doc:"installed; of dpkg also a state after failures: unpacked, half-installed, half-configured, triggers-awaited, triggers-pending"`
	Manager      string `json:"manager" doc:"dpkg, rpm, apk, pacman, pkg or brew"`
}

func packagesType() source.Type {
	return source.Type{
		Name:    "packages",
		Summary: "installed packages with their versions",
		Systems: []string{"linux", "darwin", "freebsd"},
		Shape:   []softwarePackage{},
		Read:    readPackages,
	}
}

func readPackages(ctx context.Context, h *source.Host) (any, error) {
	var all []softwarePackage
	var problems source.Problems
	managers := 0
	for _, read := range []func(context.Context, *source.Host) ([]softwarePackage, bool, error){
		readDpkg, readRPM, readAPK, readPacman, readPkg, readBrew,
	} {
		found, exists, err := read(ctx, h)
		all = append(all, found...)
		problems.Add(err)
		if exists {
			managers++
		}
	}
	if managers == 0 && problems.Err() == nil {
		problems.Add(errors.New("no package manager's database was found (dpkg, rpm, apk, pacman, pkg, brew)"))
	}
	slices.SortStableFunc(all, func(a, b softwarePackage) int { return strings.Compare(a.Name, b.Name) })
	return source.NonNil(all), problems.Err()
}

// readDpkg reads dpkg's database; images without dpkg have its parts in status.d.
func readDpkg(_ context.Context, h *source.Host) (found []softwarePackage, exists bool, err error) {
	var problems source.Problems
	for _, file := range append([]string{"/var/lib/dpkg/status"}, h.Glob("/var/lib/dpkg/status.d/*")...) {
		b, err := h.Read(file)
		if problems.Add(err); err != nil || strings.HasSuffix(file, ".md5sums") {
			continue
		}
		if len(b) == source.MaxFileBytes {
			problems.Add(fmt.Errorf("only the first %d bytes of %s were read", source.MaxFileBytes, file))
		}
		exists = true
		found = append(found, parseDpkgStatus(b, path.Dir(file) != "/var/lib/dpkg")...)
	}
	return found, exists, problems.Err()
}

// parseDpkgStatus parses the stanzas of dpkg's status file. Those of status.d have no Status line,
// because all of them are installed.
func parseDpkgStatus(b []byte, installed bool) []softwarePackage {
	var all []softwarePackage
	for s := range stanzas(b, "Package", "Version", "Architecture", "Status") {
		p := softwarePackage{
			Name: s["Package"], Version: s["Version"], Architecture: s["Architecture"], Manager: "dpkg",
		}
		// Desired action, error flag and status.
		if words := strings.Fields(s["Status"]); len(words) == 3 {
			p.Status = words[2]
		} else if installed {
			p.Status = "installed"
		}
		if p.Name != "" && !slices.Contains([]string{"", "not-installed", "config-files"}, p.Status) {
			all = append(all, p)
		}
	}
	return all
}

// stanzas returns some fields of each stanza of a database: lines "key:value", with empty lines
// between stanzas. Indented lines, which continue a field, are left out. The map is valid until the
// next stanza.
func stanzas(b []byte, keys ...string) iter.Seq[map[string]string] {
	return func(yield func(map[string]string) bool) {
		fields := make(map[string]string, len(keys))
		for line := range bytes.Lines(b) {
			line = bytes.TrimRight(line, "\r\n")
			if len(line) == 0 {
				if len(fields) > 0 && !yield(fields) {
					return
				}
				clear(fields)
				continue
			}
			key, value, ok := strings.Cut(string(line), ":")
			if ok && slices.Contains(keys, key) {
				fields[key] = strings.TrimSpace(value)
			}
		}
		if len(fields) > 0 {
			yield(fields)
		}
	}
}

// parseTabbed parses lines of name, version and architecture with tabs between.
func parseTabbed(b []byte, manager string) []softwarePackage {
	var all []softwarePackage
	for line := range strings.Lines(string(b)) {
		words := strings.Split(strings.TrimRight(line, "\r\n"), "\t")
		if len(words) < 2 || words[0] == "" {
			continue
		}
		p := softwarePackage{Name: words[0], Version: words[1], Status: "installed", Manager: manager}
		// A package without architecture, such as the keys that rpm trusts, has "(none)".
		if len(words) > 2 && words[2] != "(none)" {
			p.Architecture = words[2]
		}
		all = append(all, p)
	}
	return all
}

func readAPK(_ context.Context, h *source.Host) ([]softwarePackage, bool, error) {
	b, err := h.Read("/lib/apk/db/installed")
	return parseAPK(b), err == nil, err
}

// parseAPK parses the stanzas of Alpine's database: P: name, V: version, A: architecture.
func parseAPK(b []byte) []softwarePackage {
	var all []softwarePackage
	for s := range stanzas(b, "P", "V", "A") {
		if s["P"] != "" {
			all = append(all, softwarePackage{
				Name: s["P"], Version: s["V"], Architecture: s["A"], Status: "installed", Manager: "apk",
			})
		}
	}
	return all
}

// readPacman reads the names of pacman's folders: name-version-release.
func readPacman(_ context.Context, h *source.Host) ([]softwarePackage, bool, error) {
	names, err := h.Names("/var/lib/pacman/local")
	var all []softwarePackage
	for _, folder := range names {
		if name, version, ok := cutRelease(folder); ok {
			all = append(all, softwarePackage{Name: name, Version: version, Status: "installed", Manager: "pacman"})
		}
	}
	return all, len(all) > 0, err
}

// cutRelease splits name-version-release before the version.
func cutRelease(s string) (name, version string, ok bool) {
	release := strings.LastIndexByte(s, '-')
	if release < 0 {
		return "", "", false
	}
	at := strings.LastIndexByte(s[:release], '-')
	if at <= 0 {
		return "", "", false
	}
	return s[:at], s[at+1:], true
}

// readPkg runs FreeBSD's pkg.
func readPkg(ctx context.Context, h *source.Host) ([]softwarePackage, bool, error) {
	if !h.Exists("/var/db/pkg/local.sqlite") {
		return nil, false, nil
	}
	out, err := h.Run(ctx, "pkg", "query", `%n\t%v\t%q`)
	return parseTabbed(bytes.ReplaceAll(out, []byte(`\t`), []byte("\t")), "pkg"), true, err
}

// readBrew reads the names of Homebrew's folders: Cellar/name/version.
func readBrew(_ context.Context, h *source.Host) (all []softwarePackage, exists bool, err error) {
	for _, cellar := range []string{
		"/opt/homebrew/Cellar", "/usr/local/Cellar", "/home/linuxbrew/.linuxbrew/Cellar",
	} {
		for _, keg := range h.Glob(cellar + "/*/*") {
			all = append(all, softwarePackage{
				Name: path.Base(path.Dir(keg)), Version: path.Base(keg), Status: "installed", Manager: "brew",
			})
		}
	}
	return all, len(all) > 0, nil
}
