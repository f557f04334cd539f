package atomicfile

import (
	"io/fs"
	"os"
	"path/filepath"

	"virgo/schedule/ownership"
)

// MkdirAll creates a folder and its missing parents as [ownership.MkdirAll] does, and syncs the parent of
// each folder that it created.
func MkdirAll(dir string, mode fs.FileMode) error {
	var missing []string
	for d := filepath.Clean(dir); !exists(d); d = filepath.Dir(d) {
		missing = append(missing, d)
	}
	if err := ownership.MkdirAll(dir, mode); err != nil {
		return err
	}
	for _, d := range missing {
		if err := syncDir(filepath.Dir(d)); err != nil {
			return err
		}
	}
	return nil
}

// exists reports whether path is there, or is a root, at which the search for missing parents must
// end.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil || filepath.Dir(path) == path
}
