//go:build unix

package atomicfile

import (
	"errors"
	"os"
)

// syncDir makes a rename survive a power cut: fsync(2) of the folder that holds the name.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
