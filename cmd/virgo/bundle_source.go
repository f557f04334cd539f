package main

import (
	"fmt"
	"io"
	"os"

	"virgo/cmd/internal/agent"
)

// A bundleSource is a bundle's file, which is read twice.
type bundleSource struct {
	*os.File
	remove bool
}

// bundleSource opens a bundle. One from a pipe is copied to a temporary file in the state folder.
func (a *app) bundleSource(file string) (*bundleSource, int64, error) {
	if file != stdStream {
		f, err := os.Open(file)
		if err != nil {
			return nil, 0, agent.WithCode(agent.ExitUsage, err)
		}
		info, err := f.Stat()
		if err == nil && info.Mode().IsRegular() {
			return &bundleSource{File: f}, info.Size(), nil
		}
		defer f.Close()
		if err == nil && info.IsDir() {
			err = agent.UsageError("%q is a folder, not a bundle", file)
		}
		if err != nil {
			return nil, 0, err
		}
		return a.copyBundle(f)
	}
	return a.copyBundle(a.In)
}

func (a *app) copyBundle(in io.Reader) (*bundleSource, int64, error) {
	f, err := os.CreateTemp(a.Paths().State, ".bundle-*.tmp") // mode 0600
	if err != nil {
		return nil, 0, fmt.Errorf("copying the bundle to a temporary file: %w", err)
	}
	// Removed at once, where the system allows it, a killed process leaves nothing behind.
	s := &bundleSource{File: f, remove: os.Remove(f.Name()) != nil}
	size, err := io.Copy(f, in)
	if err != nil {
		s.Close()
		return nil, 0, fmt.Errorf("copying the bundle to a temporary file: %w", err)
	}
	return s, size, nil
}

// Close also removes the temporary file.
func (s *bundleSource) Close() error {
	err := s.File.Close()
	if s.remove {
		_ = os.Remove(s.Name())
	}
	return err
}
