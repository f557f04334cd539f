package policy

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// maxLinks is how many links a path may lead through, as in Linux (path_resolution(7)).
const maxLinks = 40

// Resolve decides on the file that a path leads to, and returns its path without links. A path to
// nothing is decided on too, because that nothing is there says something as well; it is returned as
// far as it could be resolved. A nil Guard returns the path unchanged. Errors: *[RefusedError], and
// those of the file system but that the file does not exist.
func (g *Guard) Resolve(path string) (string, error) {
	if g == nil {
		return path, nil
	}
	resolved, err := resolve(path, 0)
	if err != nil {
		return path, err
	}
	return resolved, g.Path(resolved)
}

// resolve resolves the links in a path. What does not exist is kept as it is, also if a link leads
// there.
func resolve(path string, links int) (string, error) {
	path = filepath.Clean(path)
	resolved, err := filepath.EvalSymlinks(path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		return resolved, err
	}
	folder := filepath.Dir(path)
	if folder == path {
		return path, nil
	}
	if folder, err = resolve(folder, links); err != nil {
		return path, err
	}
	path = filepath.Join(folder, filepath.Base(path))
	target, err := os.Readlink(path)
	if err != nil { // nothing is there
		return path, nil
	}
	if links++; links > maxLinks {
		return path, &fs.PathError{Op: "resolve", Path: path, Err: errors.New("too many links")}
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(folder, target)
	}
	return resolve(target, links)
}

// Opened decides once more on a file that was opened by the path from Resolve: a folder above it may
// have been replaced by a link meanwhile. Only Linux says which file that is. Error: *[RefusedError].
func (g *Guard) Opened(f *os.File) error {
	if g == nil {
		return nil
	}
	path, err := openedPath(f)
	if err != nil || path == "" {
		return err
	}
	return g.Path(path)
}
