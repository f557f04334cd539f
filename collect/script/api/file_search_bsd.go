//go:build darwin || freebsd

package api

import "golang.org/x/sys/unix"

// searchOnly opens a folder that is only passed through: leave to read it is not needed.
const searchOnly = unix.O_SEARCH
