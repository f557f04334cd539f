//go:build unix

package spool

// diesWithOne reports whether a killed process exits with code 1 (TerminateProcess on Windows).
const diesWithOne = false
