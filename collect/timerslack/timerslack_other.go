//go:build !linux

package timerslack

// ForChild calls start: only Linux has timer slack.
func ForChild(start func() error) error { return start() }
