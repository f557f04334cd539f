//go:build unix

package endpoint

import "os"

// checkPrivate refuses a file that others than its owner can read. Error: *ModeError.
func checkPrivate(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return &ModeError{Path: path, Mode: mode, Fix: "chmod 600 " + path}
	}
	return nil
}
