package plugin

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Bounds of names and folders.
const (
	maxNameBytes = 1024   // of a plugin's name
	maxTargets   = 10_000 // plugins listed
)

// errNotThere is returned when the plugin's file or the plugin folder does not exist. Its text is the
// existing agent's.
const errNotThere = failure("Plugin exited with non-zero status code (code=-127)")

// A program is a plugin's file that may be run.
type program struct {
	// name is the file as the check named it, in the plugin folder: what the plugin finds as argv[0].
	name string
	// path is the file itself, without symbolic links.
	path string
	// folder is the plugin folder, without symbolic links: where the plugin runs.
	folder string
}

// locate finds the plugin called name in dir and makes sure, by guard, that only those may change it who
// may change the agent. All that it looked at belongs to them, so it still holds when the file is run.
func locate(dir, name string, guard func(string, fs.FileInfo) error) (program, error) {
	none := program{}
	if len(name) > maxNameBytes || strings.IndexByte(name, 0) >= 0 {
		return none, failed(`detail "file": %.64q is no file name`, name)
	}
	local := filepath.FromSlash(name)
	if !filepath.IsLocal(local) || slices.Contains(strings.Split(filepath.ToSlash(local), "/"), "..") || !plainName(local) {
		return none, leavesFolder(name)
	}
	if dir == "" { // or the working folder would be the plugin folder
		return none, errNotThere
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return none, failed("plugin folder %q cannot be found: %v", dir, err)
	}
	folder, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return none, notFound(dir, err)
	}
	path, err := filepath.EvalSymlinks(filepath.Join(folder, local))
	if err != nil {
		return none, notFound(name, err)
	}
	within, err := filepath.Rel(folder, path)
	if err != nil || !filepath.IsLocal(within) {
		return none, leavesFolder(name)
	}
	if err := guarded(folder, path, guard); err != nil {
		return none, err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return none, notFound(name, err)
	}
	if !info.Mode().IsRegular() {
		return none, failed(`detail "file": %.64q is no regular file`, name)
	}
	if err := runnable(path, info); err != nil {
		return none, err
	}
	return program{name: filepath.Join(dir, local), path: path, folder: folder}, nil
}

func leavesFolder(name string) error {
	return failed(`detail "file": %.128q leads out of the plugin folder`, name)
}

// notFound tells a file that is not there from one that cannot be reached. A missing folder on the way
// and a file in its place are both "not there".
func notFound(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) || isNotFolder(err) {
		return errNotThere
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return failed(`detail "file": %.128q cannot be reached: %v`, name, err)
}

// guarded checks folder, path and all that lies between them, from the top.
func guarded(folder, path string, guard func(string, fs.FileInfo) error) error {
	within, err := filepath.Rel(folder, path)
	if err != nil {
		return leavesFolder(path)
	}
	at := folder
	for _, part := range append([]string{"."}, strings.Split(within, string(filepath.Separator))...) {
		at = filepath.Join(at, part)
		info, err := os.Lstat(at)
		if err != nil {
			return notFound(at, err)
		}
		if err := guard(at, info); err != nil {
			return err
		}
	}
	return nil
}

// Targets lists the plugins: the files in the plugin folder that look as if they could be run, by name.
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
			if err == nil && info.Mode().IsRegular() && runnable(path, info) == nil {
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
