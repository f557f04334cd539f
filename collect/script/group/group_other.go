//go:build !linux

package group

import "os/exec"

// Groups are none on this system.
type Groups struct{}

// Make returns nil.
func (*Groups) Make() *Group { return nil }

// Close does nothing.
func (*Groups) Close() {}

// A Group is never made on this system.
type Group struct{}

// Enter does nothing.
func (*Group) Enter(*exec.Cmd) {}

// End does nothing.
func (*Group) End() (outOfMemory bool) { return false }
