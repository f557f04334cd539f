//go:build !windows

package service

// systemPowerShell: other systems than Windows have none.
func systemPowerShell() powerShell { return nil }
