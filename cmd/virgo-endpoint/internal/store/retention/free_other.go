//go:build !linux && !darwin && !freebsd && !windows

package retention

import (
	"errors"
	"io/fs"
)

// Free reports that the free space is unknown.
func Free(path string) (Space, error) {
	return Space{}, &fs.PathError{Op: "statfs", Path: path, Err: errors.ErrUnsupported}
}
