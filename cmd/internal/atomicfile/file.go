package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A File is a temporary file that [File.Replace] or [File.Place] moves to its path. Its mode is 0600.
type File struct {
	*os.File
	path   string
	closed bool
}

// Create creates a temporary file for path, in the same folder. The caller must call [File.Discard]
// in any case.
func Create(path string) (*File, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+prefix(filepath.Base(path))+"-*.tmp")
	if err != nil {
		return nil, fmt.Errorf("write %q: %w", path, err)
	}
	return &File{File: f, path: path}, nil
}

// prefix keeps the temporary file's name within the length that file systems allow.
func prefix(name string) string { return name[:min(len(name), 64)] }

// Replace moves the file to its path and replaces what is there.
func (f *File) Replace() error {
	return f.finish(func() error { return os.Rename(f.Name(), f.path) })
}

// Place moves the file to its path unless something is there. Error: fs.ErrExist.
func (f *File) Place() error {
	return f.finish(func() error {
		err := os.Link(f.Name(), f.path)
		if err == nil || errors.Is(err, fs.ErrExist) {
			return err
		}
		// A file system without links, as on USB sticks: another program may create the path between
		// Lstat and Rename.
		if _, err := os.Lstat(f.path); err == nil {
			return &fs.PathError{Op: "create", Path: f.path, Err: fs.ErrExist}
		}
		return os.Rename(f.Name(), f.path)
	})
}

func (f *File) finish(move func() error) error {
	f.closed = true
	err := errors.Join(f.Sync(), f.Close())
	if err == nil {
		err = move()
	}
	_ = os.Remove(f.Name()) // fails after a rename, and may
	if err == nil {
		err = syncDir(filepath.Dir(f.path))
	}
	if err != nil {
		return fmt.Errorf("write %q: %w", f.path, err)
	}
	return nil
}

// Discard removes the temporary file. After Replace or Place it does nothing.
func (f *File) Discard() {
	if f.closed {
		return
	}
	f.closed = true
	_ = f.Close()
	_ = os.Remove(f.Name())
}
