//go:build unix

package config

import (
	"fmt"
	"io/fs"

	"virgo/schedule/shorttext"
)

// checkPrivate returns an error for a file with a secret that others than its owner can access.
func checkPrivate(path string, mode fs.FileMode) error {
	if m := mode.Perm(); m&0o077 != 0 {
		return &Error{
			fmt.Errorf("%s contains a secret, but its mode %04o lets other users access it", path, m),
			"chmod 600 " + shorttext.QuoteShell(path),
		}
	}
	return nil
}
