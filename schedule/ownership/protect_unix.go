//go:build unix

package ownership

import (
	"io/fs"
	"os"
)

// MkdirAll creates a folder and the missing ones above it with this mode, which the umask may narrow.
func MkdirAll(dir string, mode fs.FileMode) error { return os.MkdirAll(dir, mode) }

// Protect leaves a folder as it is: its mode was the owner's decision, which [Check] tells if it is a fault.
func Protect(string) error { return nil }
