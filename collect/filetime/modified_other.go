//go:build !linux || !(386 || arm || mips || mipsle)

package filetime

import (
	"io/fs"
	"time"
)

// Modified returns when a file was last changed.
func Modified(_ string, info fs.FileInfo) time.Time { return info.ModTime() }
