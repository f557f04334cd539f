//go:build unix

package atomicfile

import (
	"errors"
	"os"
)

// syncDir makes the names in a folder durable: fsync(2).
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
