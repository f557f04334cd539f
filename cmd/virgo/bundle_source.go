package main

import (
	"fmt"
	"io"
	"os"
)

// A bundleSource is a bundle's bytes, which have to be read twice.
type bundleSource struct {
	*os.File
	remove bool
}

// bundleSource opens a bundle. One that comes through a pipe is kept in the state's folder until it is closed.
func (a *app) bundleSource(file string) (*bundleSource, int64, error) {
	if file != stdStream {
		f, err := os.Open(file)
		if err != nil {
			return nil, 0, &exitError{exitUsage, err}
		}
		info, err := f.Stat()
		if err == nil && info.Mode().IsRegular() {
			return &bundleSource{File: f}, info.Size(), nil
		}
		defer f.Close()
		if err == nil && info.IsDir() {
			err = usageError("%q is a folder, not a bundle", file)
		}
		if err != nil {
			return nil, 0, err
		}
		return a.kept(f)
	}
	return a.kept(a.in)
}

func (a *app) kept(in io.Reader) (*bundleSource, int64, error) {
	f, err := os.CreateTemp(a.paths().State, ".bundle-*.tmp") // mode 0600
	if err != nil {
		return nil, 0, fmt.Errorf("keep the bundle for reading it twice: %w", err)
	}
	// Where the system lets a name go before its file, a kill leaves nothing behind.
	s := &bundleSource{File: f, remove: os.Remove(f.Name()) != nil}
	size, err := io.Copy(f, in)
	if err != nil {
		s.Close()
		return nil, 0, fmt.Errorf("keep the bundle for reading it twice: %w", err)
	}
	return s, size, nil
}

// Close leaves no trace of what was kept.
func (s *bundleSource) Close() error {
	err := s.File.Close()
	if s.remove {
		_ = os.Remove(s.Name())
	}
	return err
}
