package upgrade

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"virgo/collect/timerslack"
)

// A PackageError is returned for a program that belongs to a package of the system: what replaces
// it, the package manager would undo, or find damaged.
type PackageError struct {
	Path    string
	Package string
	// Command upgrades it.
	Command string
}

func (e *PackageError) Error() string {
	return fmt.Sprintf("%q was installed as the package %s", e.Path, e.Package)
}

// Hint returns the command that upgrades the package.
func (e *PackageError) Hint() string { return e.Command }

const (
	packagedTimeout = 10 * time.Second
)

// managers ask package managers whose file a path is: each ends with 0 only if it is one of theirs.
// name finds the package in what it prints; upgrade is a command before that name.
var managers = []struct {
	program string
	args    []string
	name    func(out string) string
	upgrade string
}{
	{"dpkg-query", []string{"-S"}, beforeColon, "apt-get install --only-upgrade"},
	{"rpm", []string{"-qf", "--queryformat", "%{NAME}"}, strings.TrimSpace, "dnf upgrade"},
	{"apk", []string{"info", "-qW"}, strings.TrimSpace, "apk upgrade"},
	{"pacman", []string{"-Qoq"}, strings.TrimSpace, "pacman -Syu"},
	{"pkg", []string{"which", "-qo"}, filepath.Base, "pkg upgrade"},
}

// Packaged returns a *PackageError if a file belongs to a package. path is the file, after
// links were followed.
func Packaged(ctx context.Context, path string) error {
	parts := strings.Split(filepath.ToSlash(path), "/")
	if i := slices.Index(parts, "Cellar"); i >= 0 && i+1 < len(parts) {
		return &PackageError{path, parts[i+1], "brew upgrade " + parts[i+1]}
	}
	if strings.HasPrefix(path, "/nix/store/") {
		return &PackageError{path, parts[3], "upgrade it where your Nix configuration names it"}
	}
	for _, m := range managers {
		program, err := exec.LookPath(m.program)
		if err != nil {
			continue
		}
		out, ok := ask(ctx, program, append(slices.Clone(m.args), path))
		if !ok {
			continue
		}
		name := m.name(strings.TrimSpace(out))
		if !isPackageName(name) {
			name = "virgo"
		}
		return &PackageError{path, name, m.upgrade + " " + name}
	}
	return nil
}

// beforeColon returns the package of a line such as "virgo:amd64: /usr/bin/virgo".
func beforeColon(s string) string {
	name, _, _ := strings.Cut(s, ":")
	return name
}

func isPackageName(s string) bool {
	return s != "" && len(s) < 100 && s[0] != '-' && !strings.ContainsFunc(s, func(r rune) bool {
		isAlphanumeric := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !isAlphanumeric && !strings.ContainsRune("+-._", r)
	})
}

// ask runs a package manager; false: it ended with an error, or printed nothing.
func ask(ctx context.Context, program string, args []string) (out string, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, packagedTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.WaitDelay = time.Second
	var b head
	cmd.Stdout = &b
	if err := timerslack.ForChild(cmd.Start); err != nil {
		return "", false
	}
	err := cmd.Wait()
	return b.String(), err == nil && b.String() != ""
}
