package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A timerEntry is a program that timers start, with its command.
type timerEntry struct {
	file    string
	command []string
}

// programNames returns the names of the programs under test.
func programNames() []string { return []string{"virgo", "virgo-run", "virgo-endpoint"} }

// installPrograms builds the programs, unless the command line names a folder of built ones, and
// installs all of them.
func (b *bench) installPrograms() error {
	built := b.cli.Programs
	if built == "" {
		built = b.path("built")
		if err := b.buildRelease(built); err != nil {
			return err
		}
	}
	bare := b.path("built", "bare")
	if err := b.build("virgo/cmd/virgo-bench/bare", bare); err != nil {
		return err
	}
	b.agent, b.endpoint, b.bare = b.path("bin", "virgo"), b.path("bin", "virgo-endpoint"), b.path("bin", "bare")
	b.small, b.full = timerEntry{b.path("bin", "virgo-run"), nil}, timerEntry{b.agent, []string{"run"}}
	return errors.Join(
		installAll(built, b.path("bin"), programNames()...),
		installAll(filepath.Dir(bare), b.path("bin"), "bare"),
		b.installEarlier(),
	)
}

// installEarlier installs the programs of the earlier build. Its timers start virgo-run if it has it.
func (b *bench) installEarlier() error {
	if b.cli.Earlier == "" {
		return nil
	}
	dir := b.path("earlier")
	if err := installAll(b.cli.Earlier, dir, "virgo"); err != nil {
		return err
	}
	b.earlier = timerEntry{filepath.Join(dir, "virgo"), []string{"run"}}
	err := installAll(b.cli.Earlier, dir, "virgo-run")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	b.earlier = timerEntry{filepath.Join(dir, "virgo-run"), nil}
	return err
}

// buildRelease builds the programs into a folder as a release has them.
func (b *bench) buildRelease(dir string) error {
	root, err := exec.CommandContext(b.ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return fmt.Errorf("finding the source tree: %w", err)
	}
	cmd := exec.CommandContext(b.ctx, "make", "-C", strings.TrimSpace(string(root)), "build", "BIN="+dir)
	if msg, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the programs (make build; --programs=DIR measures built ones): %w: %s", err, msg)
	}
	return nil
}

// build builds a program; flags are further ones of go build.
func (b *bench) build(pkg, out string, flags ...string) error {
	argv := append([]string{"build", "-trimpath", "-ldflags", "-s -w", "-o", out}, flags...)
	cmd := exec.CommandContext(b.ctx, "go", append(argv, pkg)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if msg, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w: %s", pkg, err, msg)
	}
	return nil
}

// installAll installs programs of one folder into another.
func installAll(from, to string, names ...string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, name := range names {
		if err := install(filepath.Join(from, name), filepath.Join(to, name)); err != nil {
			return fmt.Errorf("installing %s: %w", name, err)
		}
	}
	return nil
}

// install copies a program into a new file, as install(1) does, and leaves it in the page cache.
func install(from, to string) error {
	program, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = f.Write(program)
	err = errors.Join(err, f.Chmod(0o755), f.Sync(), f.Close()) // the umask may have taken bits
	if err != nil {
		return err
	}
	_, err = os.ReadFile(to)
	return err
}
