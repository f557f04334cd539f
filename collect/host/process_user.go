//go:build linux || darwin

package host

import (
	"errors"
	"os/user"
	"strconv"
)

// userNumber looks up a user by name; a number stands for itself.
func userNumber(name string) (uint32, error) {
	if n, err := strconv.ParseUint(name, 10, 32); err == nil {
		return uint32(n), nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return 0, errors.New("No such user: " + name)
	}
	n, err := strconv.ParseUint(u.Uid, 10, 32)
	return uint32(n), err
}
