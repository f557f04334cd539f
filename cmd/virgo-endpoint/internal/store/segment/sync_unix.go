//go:build unix

package segment

import (
	"errors"
	"os"
)

// syncFolder makes a rename in a folder durable.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
