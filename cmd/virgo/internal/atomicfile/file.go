package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A File is on its way to its place. It is its user's alone (mode 0600).
type File struct {
	*os.File
	path string
	over bool
}

// Create begins a file that is to be at path. [File.Discard] must be called in any case.
func Create(path string) (*File, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+prefix(filepath.Base(path))+"-*.tmp")
	if err != nil {
		return nil, fmt.Errorf("write %q: %w", path, err)
	}
	return &File{File: f, path: path}, nil
}

// prefix keeps the name within what a file system takes.
func prefix(name string) string { return name[:min(len(name), 64)] }

// Replace puts the file in place, in place of what may be there.
func (f *File) Replace() error {
	return f.end(func() error { return os.Rename(f.Name(), f.path) })
}

// Place puts the file in place where nothing is yet. Error: fs.ErrExist.
func (f *File) Place() error {
	return f.end(func() error {
		err := os.Link(f.Name(), f.path)
		if err == nil || errors.Is(err, fs.ErrExist) {
			return err
		}
		// A file system without links, as sticks have it: between looking and renaming is a moment.
		if _, err := os.Lstat(f.path); err == nil {
			return &fs.PathError{Op: "create", Path: f.path, Err: fs.ErrExist}
		}
		return os.Rename(f.Name(), f.path)
	})
}

func (f *File) end(place func() error) error {
	f.over = true
	err := errors.Join(f.Sync(), f.Close())
	if err == nil {
		err = place()
	}
	_ = os.Remove(f.Name()) // what a rename moved is gone already
	if err == nil {
		err = syncDir(filepath.Dir(f.path))
	}
	if err != nil {
		return fmt.Errorf("write %q: %w", f.path, err)
	}
	return nil
}

// Discard leaves no trace of a file that was not put in place. After Replace or Place it does nothing.
func (f *File) Discard() {
	if f.over {
		return
	}
	f.over = true
	_ = f.Close()
	_ = os.Remove(f.Name())
}
