//go:build !linux

package api

import (
	"context"
	"net"
)

// dialSocket connects to a socket by its path: other systems than Linux cannot connect to one that
// is open.
func dialSocket(ctx context.Context, path string) (net.Conn, error) { return connectTo(ctx, path) }
