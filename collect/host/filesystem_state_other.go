//go:build !linux

package host

import (
	"context"

	"virgo/collect"
)

// Check reports that the check is for Linux only.
func (filesystemState) Check(context.Context, collect.Request) (collect.Report, error) {
	return unavailable("agent.filesystem_state available only on Linux platforms")
}
