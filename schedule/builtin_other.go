//go:build !windows

package schedule

// missingTypes returns none: these systems have all types of the built-in schedule.
func missingTypes() []string { return nil }
