//go:build !linux && !darwin

package system

import "virgo/collect/hostinfo/source"

// addLinux adds nothing: gopsutil reads all that these systems have.
func (i *processInfo) addLinux(*source.Host) {}

// hiddenProcesses returns nil: these systems are not asked what they hide.
func hiddenProcesses(*source.Host) error { return nil }
