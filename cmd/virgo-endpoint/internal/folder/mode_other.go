//go:build !unix

package folder

import "os"

// checkPrivate only checks that the file exists: its mode does not show this system's access lists.
func checkPrivate(path string) error {
	_, err := os.Stat(path)
	return err
}

// syncFolder does nothing: a folder cannot be synced here.
func syncFolder(string) error { return nil }
