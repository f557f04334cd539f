package retention

import (
	"io/fs"
	"math"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// Free returns the space of the file system that path is on, for the user who asks.
func Free(path string) (Space, error) {
	folder, err := windows.UTF16PtrFromString(filepath.Clean(path))
	if err != nil {
		return Space{}, &fs.PathError{Op: "GetDiskFreeSpaceEx", Path: path, Err: err}
	}
	var free, total, all uint64
	if err := windows.GetDiskFreeSpaceEx(folder, &free, &total, &all); err != nil {
		return Space{}, &fs.PathError{Op: "GetDiskFreeSpaceEx", Path: path, Err: err}
	}
	return Space{Free: int64(min(free, math.MaxInt64)), Total: int64(min(total, math.MaxInt64))}, nil
}
