// Package fsynctest is test support: it runs a program under strace(1) and reports what a power
// failure could undo.
//
// The program, usually the test binary as its own child, works in a folder and writes a line to its
// standard output after each step. A line is a promise: everything done before it is durable. The
// rules, for all files and folders below that folder:
//
//  1. A file is synced (fsync, fdatasync) after its last write, before it is renamed or linked.
//  2. The folder that holds a new name (created, renamed, linked, mkdir) is synced before the next
//     line.
//  3. A file that was written is synced before the next line.
//
// A name that is removed again before the next line needs no sync. Writes through a memory map are
// not detected.
//
//	fsynctest.Need(t)
//	trace := fsynctest.Run(t, cmd, dir)
//	for _, fault := range trace.Faults { t.Error(fault) }
//
// A test should also check that [Trace.Renamed] or [Trace.Created] names the files it is about, so
// that it fails when the program stops doing what the test observes.
package fsynctest
