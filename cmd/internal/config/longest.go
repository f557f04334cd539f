package config

import (
	"bytes"
	"time"
)

// LongestDeadline bounds the deadline that the file at path, which this program cannot parse, or the
// environment may set.
func LongestDeadline(path string, env func(string) string) time.Duration {
	b, _, err := readBounded(path, maxFileBytes)
	if err == nil && !mentionsDeadline(b) && env("VIRGO_DEADLINE") == "" {
		return DefaultDeadline
	}
	return deadlineBounds.high
}

// mentionsDeadline reports whether the file may set the deadline of a run; flush_deadline is another.
func mentionsDeadline(b []byte) bool {
	return bytes.Count(b, []byte("deadline")) > bytes.Count(b, []byte("flush_deadline"))
}
