//go:build unix

package folder

import "os"

// checkPrivate returns an error if other users than its owner can read a file. Error: *ModeError.
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

// syncFolder syncs a file's folder, so that its new name survives a power failure.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
