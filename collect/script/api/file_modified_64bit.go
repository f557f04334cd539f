//go:build unix && !(linux && (386 || arm || mips || mipsle))

package api

import (
	"time"

	"golang.org/x/sys/unix"
)

// modifiedBelow returns when an entry of a folder was last changed, of which st was read.
func modifiedBelow(_ int, _ string, st *unix.Stat_t) time.Time { return time.Unix(st.Mtim.Unix()) }
