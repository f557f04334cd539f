//go:build unix

package spool

// diesWithOne says whether a process that was killed exits with code 1 (TerminateProcess); here it has
// no exit code.
const diesWithOne = false
