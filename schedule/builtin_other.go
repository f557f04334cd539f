//go:build !windows

package schedule

const hasLoadAverage = true
