//go:build unix

package transport

import (
	"fmt"
	"io/fs"
)

// checkKeyMode refuses a key file that others than its owner can access.
func checkKeyMode(path string, mode fs.FileMode) error {
	if m := mode.Perm(); m&0o077 != 0 {
		return &CertError{
			File: path, Reason: fmt.Sprintf("is a key with mode %04o: others than its owner can access it", m),
			hint: "chmod 600 " + path,
		}
	}
	return nil
}
