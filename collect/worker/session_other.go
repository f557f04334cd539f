//go:build !linux

package worker

// killSession does nothing: sessions are not searched here. On Windows, a script process has its programs in its job.
func killSession(int) {}
