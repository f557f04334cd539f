//go:build !linux

package host

import (
	"context"

	"virgo/collect"
)

// Check says that this is Linux's.
func (filesystemState) Check(context.Context, collect.Request) (collect.Report, error) {
	return unavailable("agent.filesystem_state available only on Linux platforms")
}
