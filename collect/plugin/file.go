package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"virgo/schedule/ownership"
)

// Limits of names and folders.
const (
	maxNameBytes = 1024   // of a plugin's file name
	maxTargets   = 10_000 // plugins listed
)

// notFound returns the failure where the plugin's file or the plugin folder does not exist. CHECKS.md
// fixes how the text begins.
func notFound(path string) error {
	return failuref("Plugin exited with non-zero status code (code=-127): there is no file %.160s", path)
}

// A program is a plugin's file that passed all checks.
type program struct {
	// name is the path by which the check names it; the plugin's argv[0].
	name string
	// path has no symbolic links.
	path string
	// folder is the plugin folder without symbolic links, the plugin's working directory.
	folder string
	// info is that of the file which was checked.
	info fs.FileInfo
}

// inFolder returns the path below the plugin folder, with slashes.
func (p program) inFolder() string {
	within, err := filepath.Rel(p.folder, p.path)
	if err != nil {
		return p.path
	}
	return filepath.ToSlash(within)
}

// resolveFunc returns a path without symbolic links, and what is there. Its error is an
// *ownership.Fault where others than root and the agent's user may have changed that.
type resolveFunc = func(path string) (string, fs.FileInfo, error)

// resolveOwned is the resolveFunc of runs.
func resolveOwned(path string) (string, fs.FileInfo, error) { return ownership.Resolve(path) }

// resolveAny is a resolveFunc that trusts everybody.
func resolveAny(path string) (resolved string, info fs.FileInfo, err error) {
	if resolved, err = filepath.EvalSymlinks(path); err == nil {
		info, err = os.Lstat(resolved)
	}
	return resolved, info, err
}

// locate finds the plugin called name in dir. resolve makes sure that only root and the agent's user can
// change it; since they own all that is on the way, the result still holds when the file is run.
func locate(dir, name string, resolve resolveFunc) (program, error) {
	none := program{}
	if len(name) > maxNameBytes || strings.IndexByte(name, 0) >= 0 {
		return none, failuref(`detail "file": %.64q is not a file name`, name)
	}
	local := filepath.FromSlash(name)
	hasParent := slices.Contains(strings.Split(filepath.ToSlash(local), "/"), "..")
	if !filepath.IsLocal(local) || hasParent || !isUnambiguous(local) {
		return none, outsideFolder(name)
	}
	if dir == "" { // else the working directory would be the plugin folder
		return none, failure("Plugin exited with non-zero status code (code=-127): there is no plugin folder")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return none, failuref("plugin folder %q cannot be found: %v", dir, err)
	}
	folder, _, err := resolve(dir)
	if err != nil {
		return none, locateError(dir, dir, err)
	}
	path, info, err := resolve(filepath.Join(folder, local))
	if err != nil {
		return none, locateError(name, filepath.Join(dir, local), err)
	}
	within, err := filepath.Rel(folder, path)
	if err != nil || !filepath.IsLocal(within) {
		return none, outsideFolder(name)
	}
	if !info.Mode().IsRegular() {
		return none, failuref(`detail "file": %.64q is not a regular file`, name)
	}
	if err := checkRunnable(path, info); err != nil {
		return none, err
	}
	return program{name: filepath.Join(dir, local), path: path, folder: folder, info: info}, nil
}

// errOutsideFolder is returned for a name that leads out of the plugin folder.
var errOutsideFolder = errors.New("out of the plugin folder")

func outsideFolder(name string) error {
	return fmt.Errorf(`detail "file": %.128q leads %w`, name, errOutsideFolder)
}

// locateError returns notFound with the path where the file, or a folder on the way, does not exist or
// is not a folder; else a failure with err, and with the command that corrects it if there is one.
func locateError(name, path string, err error) error {
	var fault *ownership.Fault
	if errors.As(err, &fault) {
		return failuref(`detail "file": %v; to fix it: %s`, fault, fault.Fix)
	}
	if errors.Is(err, fs.ErrNotExist) || isNotDir(err) {
		return notFound(path)
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return failuref(`detail "file": %.128q cannot be reached: %v`, name, err)
}

// Targets returns the names of the runnable files in the plugin folder, sorted.
func (c *checker) Targets(ctx context.Context) ([]string, error) {
	f, err := os.Open(c.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var targets []string
	for len(targets) < maxTargets && ctx.Err() == nil {
		entries, err := f.ReadDir(256)
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), ".") {
				continue
			}
			path := filepath.Join(c.dir, e.Name())
			info, err := os.Stat(path)
			if err == nil && info.Mode().IsRegular() && checkRunnable(path, info) == nil {
				targets = append(targets, e.Name())
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(targets)
	return targets[:min(len(targets), maxTargets)], ctx.Err()
}
