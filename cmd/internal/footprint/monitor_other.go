//go:build !linux

package footprint

// RelaxMonitor does nothing: other systems have no timer slack of a thread.
func RelaxMonitor() {}
