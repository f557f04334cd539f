//go:build !linux

package host

import (
	"errors"
	"runtime"
)

// errUnsupported is returned where this system has no such figures for a program built without cgo.
var errUnsupported = errors.New("not supported on " + runtime.GOOS)

// supported replaces gopsutil's unexported "not implemented" error by errUnsupported.
func supported(err error) error {
	if err.Error() == "not implemented yet" {
		return errUnsupported
	}
	return err
}
