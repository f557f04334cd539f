package hostinfo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// A softwarePackage is one that is installed.
type softwarePackage struct {
	Name         string `json:"name" doc:"name of the package"`
	Version      string `json:"version" doc:"version with epoch and release, as its manager writes it"`
	Architecture string `json:"architecture" doc:"as its manager names it; empty where the manager keeps none"`
	Status       string `json:"status" doc:"installed; of dpkg also what went wrong: unpacked, half-installed, half-configured, triggers-awaited, triggers-pending"`
	Manager      string `json:"manager" doc:"dpkg, rpm, apk, pacman, pkg or brew"`
}

func packagesType() Type {
	return Type{
		Name:    "packages",
		Summary: "installed packages with their versions",
		Systems: []string{"linux", "darwin", "freebsd"},
		Shape:   []softwarePackage{},
		Read:    readPackages,
	}
}

func readPackages(ctx context.Context, h *Host) (any, error) {
	var all []softwarePackage
	var f faults
	managers := 0
	for _, read := range []func(context.Context, *Host) ([]softwarePackage, bool, error){
		readDpkg, readRPM, readAPK, readPacman, readPkg, readBrew,
	} {
		found, there, err := read(ctx, h)
		all = append(all, found...)
		f.add(err)
		if there {
			managers++
		}
	}
	if managers == 0 && f.first == nil {
		f.add(errors.New("no package manager's database is here (looked for dpkg, rpm, apk, pacman, pkg, brew)"))
	}
	slices.SortStableFunc(all, func(a, b softwarePackage) int { return strings.Compare(a.Name, b.Name) })
	return told(all), f.err()
}

// readDpkg reads dpkg's database; images without dpkg keep its parts in status.d.
func readDpkg(_ context.Context, h *Host) (found []softwarePackage, there bool, err error) {
	var f faults
	for _, file := range append([]string{"/var/lib/dpkg/status"}, h.glob("/var/lib/dpkg/status.d/*")...) {
		b, err := h.read(file)
		if f.add(err); err != nil || strings.HasSuffix(file, ".md5sums") {
			continue
		}
		if len(b) == maxFileBytes {
			f.add(fmt.Errorf("only the first %d bytes of %s were read", maxFileBytes, file))
		}
		there = true
		found = append(found, parseDpkgStatus(b, path.Dir(file) != "/var/lib/dpkg")...)
	}
	return found, there, f.err()
}

// parseDpkgStatus reads the stanzas of dpkg's status file. Those of status.d have no Status line, because all
// of them are installed.
func parseDpkgStatus(b []byte, installed bool) []softwarePackage {
	var all []softwarePackage
	var p softwarePackage
	end := func() {
		if p.Status == "" && installed {
			p.Status = "installed"
		}
		if p.Name != "" && p.Status != "" && p.Status != "not-installed" && p.Status != "config-files" {
			p.Manager = "dpkg"
			all = append(all, p)
		}
		p = softwarePackage{}
	}
	for line := range bytes.Lines(b) {
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			end()
			continue
		}
		key, value, ok := strings.Cut(string(line), ":")
		if !ok || line[0] == ' ' || line[0] == '\t' {
			continue
		}
		value = strings.TrimSpace(value)
		switch key {
		case "Package":
			p.Name = value
		case "Version":
			p.Version = value
		case "Architecture":
			p.Architecture = value
		case "Status":
			// What is wanted, whether it is in order, and what there is.
			if words := strings.Fields(value); len(words) == 3 {
				p.Status = words[2]
			}
		}
	}
	end()
	return all
}

// parseTabbed reads lines of name, version and architecture with tabs between.
func parseTabbed(b []byte, manager string) []softwarePackage {
	var all []softwarePackage
	for line := range strings.Lines(string(b)) {
		words := strings.Split(strings.TrimRight(line, "\r\n"), "\t")
		if len(words) < 2 || words[0] == "" {
			continue
		}
		p := softwarePackage{Name: words[0], Version: words[1], Status: "installed", Manager: manager}
		// A package of no architecture, as the keys that rpm trusts, has "(none)".
		if len(words) > 2 && words[2] != "(none)" {
			p.Architecture = words[2]
		}
		all = append(all, p)
	}
	return all
}

func readAPK(_ context.Context, h *Host) ([]softwarePackage, bool, error) {
	b, err := h.read("/lib/apk/db/installed")
	return parseAPK(b), err == nil, err
}

// parseAPK reads the stanzas of Alpine's database: P: name, V: version, A: architecture.
func parseAPK(b []byte) []softwarePackage {
	var all []softwarePackage
	var p softwarePackage
	for line := range strings.Lines(string(b) + "\n\n") {
		line = strings.TrimRight(line, "\r\n")
		key, value, _ := strings.Cut(line, ":")
		switch {
		case line == "":
			if p.Name != "" {
				p.Status, p.Manager = "installed", "apk"
				all = append(all, p)
			}
			p = softwarePackage{}
		case key == "P":
			p.Name = value
		case key == "V":
			p.Version = value
		case key == "A":
			p.Architecture = value
		}
	}
	return all
}

// readPacman reads the names of pacman's folders: name-version-release.
func readPacman(_ context.Context, h *Host) ([]softwarePackage, bool, error) {
	names, err := h.names("/var/lib/pacman/local")
	var all []softwarePackage
	for _, folder := range names {
		if name, version, ok := cutRelease(folder); ok {
			all = append(all, softwarePackage{Name: name, Version: version, Status: "installed", Manager: "pacman"})
		}
	}
	return all, len(all) > 0, err
}

// cutRelease parts name-version-release before the version.
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

// readPkg asks FreeBSD's pkg.
func readPkg(ctx context.Context, h *Host) ([]softwarePackage, bool, error) {
	if !h.exists("/var/db/pkg/local.sqlite") {
		return nil, false, nil
	}
	out, err := h.output(ctx, "pkg", "query", `%n\t%v\t%q`)
	return parseTabbed(bytes.ReplaceAll(out, []byte(`\t`), []byte("\t")), "pkg"), true, err
}

// readBrew reads the names of Homebrew's folders: Cellar/name/version.
func readBrew(_ context.Context, h *Host) (all []softwarePackage, there bool, err error) {
	for _, cellar := range []string{"/opt/homebrew/Cellar", "/usr/local/Cellar", "/home/linuxbrew/.linuxbrew/Cellar"} {
		for _, keg := range h.glob(cellar + "/*/*") {
			all = append(all, softwarePackage{Name: path.Base(path.Dir(keg)), Version: path.Base(keg), Status: "installed", Manager: "brew"})
		}
	}
	return all, len(all) > 0, nil
}
