//go:build unix

package transport

import (
	"fmt"
	"io/fs"
)

// ownersAlone refuses a key that anybody but its owner can read or write.
func ownersAlone(path string, mode fs.FileMode) error {
	if m := mode.Perm(); m&0o077 != 0 {
		return &CertError{
			File: path, Reason: fmt.Sprintf("holds a key and has mode %04o: others than its owner can use it", m),
			hint: "chmod 600 " + path,
		}
	}
	return nil
}
