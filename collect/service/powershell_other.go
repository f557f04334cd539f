//go:build !windows

package service

// newPowerShell returns nil: only Windows has Windows PowerShell.
func newPowerShell() powerShell { return nil }
