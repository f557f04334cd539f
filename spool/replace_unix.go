//go:build unix

package spool

import (
	"context"
	"os"

	bolt "go.etcd.io/bbolt"
)

// lockBeside has nothing to lock: here a file that is open and locked can be replaced. A process that
// waited for the lock of the old file notices that (checkFile) and opens the new one.
func (s *Spool) lockBeside(context.Context, bool) (release func(), err error) { return func() {}, nil }

// replace renames a file over the spool's file, which the caller has open and locked.
func (s *Spool) replace(_ context.Context, from string, _ *os.File, _ func()) error {
	if s.beforeReplace != nil {
		s.beforeReplace()
	}
	return os.Rename(from, s.path)
}

// unmap has nothing to do: a file that is mapped can be replaced.
func unmap(*bolt.DB) {}
