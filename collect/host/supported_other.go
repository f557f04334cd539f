//go:build !linux

package host

import (
	"errors"
	"runtime"
)

// errUnsupported is returned when this system gives no such figures to a program built without cgo.
var errUnsupported = errors.New("not supported on " + runtime.GOOS)

// supported says so where gopsutil has no way to the figures: it tells by the text of an error that it
// does not export.
func supported(err error) error {
	if err.Error() == "not implemented yet" {
		return errUnsupported
	}
	return err
}
