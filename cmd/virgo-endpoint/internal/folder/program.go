package folder

import (
	"errors"

	"virgo/schedule/ownership"
)

// CheckProgram returns an error if others than root and this process's user may have changed the program at path, which
// a service is to run, or can replace it: by its own permissions or those of a folder above it, a group's included.
// Error: *OwnerError.
func CheckProgram(path string) error {
	err := ownership.Check(path)
	var fault *ownership.Fault
	if errors.As(err, &fault) {
		return &OwnerError{Path: fault.Path, Reason: fault.Why,
			Fix: fault.Fix + ", or copy the program to where only root can write, and install with that one"}
	}
	return err
}
