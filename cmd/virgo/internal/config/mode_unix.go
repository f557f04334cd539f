//go:build unix

package config

import (
	"fmt"
	"io/fs"
)

// ownersAlone refuses a file that holds a secret and that anybody but its owner can read or write.
func ownersAlone(path string, mode fs.FileMode) error {
	if m := mode.Perm(); m&0o077 != 0 {
		return &OwnersError{
			fmt.Errorf("%s holds a token and has mode %04o: others than its owner can use it", path, m),
			"chmod 600 " + shellWord(path),
		}
	}
	return nil
}
