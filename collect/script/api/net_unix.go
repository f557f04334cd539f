package api

import (
	"context"
	"net"
	"path/filepath"
	"strings"

	"virgo/collect/script"
)

// dialUnix connects to a socket, by its path with links followed. One in Linux's abstract
// namespace has no file.
func dialUnix(ctx context.Context, c script.Connection) (net.Conn, error) {
	path := c.Path
	if !strings.HasPrefix(path, "@") {
		var err error
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return nil, err
		}
	}
	if err := c.Control(ctx, "unix", path, nil); err != nil {
		return nil, err
	}
	if strings.HasPrefix(path, "@") {
		return connectTo(ctx, path)
	}
	return dialSocket(ctx, path)
}

func connectTo(ctx context.Context, path string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "unix", path)
}
