package api

import (
	"context"
	"net"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// dialSocket opens a socket first, with no link on the way, and then connects to what it opened:
// what is renamed in between leads nowhere else.
func dialSocket(ctx context.Context, path string) (net.Conn, error) {
	f, err := openAt(path, unix.O_PATH, func(mode uint32) bool { return mode == unix.S_IFSOCK })
	if err != nil {
		return nil, err
	}
	defer f.Close()
	opened := "/proc/self/fd/" + strconv.Itoa(int(f.Fd()))
	if _, err := os.Lstat(opened); err != nil {
		opened = path // /proc is not mounted
	}
	return connectTo(ctx, opened)
}
