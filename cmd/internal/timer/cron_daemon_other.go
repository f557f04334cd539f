//go:build !linux

package timer

import "context"

// Warning returns nothing: cron is a part of these systems.
func (c Crontab) Warning(context.Context) string { return "" }
