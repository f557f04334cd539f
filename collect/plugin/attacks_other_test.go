//go:build unix && !linux

package plugin

// push is a role of tests for Linux.
func push() int { return 1 }
