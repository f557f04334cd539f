package upgrade

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// MaxStateBytes bounds the copy of the state that a trial runs in.
const MaxStateBytes = 64 << 20

// trialPrefix begins the name of the folder with the copy, which is in the state folder itself:
// nobody else may read it.
const trialPrefix = ".trial-"

// CopyState copies a state folder for a trial, into a folder in it that remove removes. The caller
// holds the lock of the spool. Files that would make the copy larger than MaxStateBytes are left
// out: a run begins with what is there.
func CopyState(state string) (folder string, remove func(), err error) {
	old, err := filepath.Glob(filepath.Join(state, trialPrefix+"*"))
	for _, path := range old { // of an upgrade that was killed
		err = errors.Join(err, os.RemoveAll(path))
	}
	if err != nil {
		return "", nil, err
	}
	if folder, err = os.MkdirTemp(state, trialPrefix); err != nil {
		return "", nil, err
	}
	remove = func() { _ = os.RemoveAll(folder) }
	left := int64(MaxStateBytes)
	err = filepath.WalkDir(state, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(state, path)
		if err != nil || name == "." {
			return err
		}
		if d.IsDir() {
			if strings.HasPrefix(name, trialPrefix) {
				return fs.SkipDir
			}
			return os.Mkdir(filepath.Join(folder, name), 0o700)
		}
		info, err := d.Info()
		if err != nil || !info.Mode().IsRegular() || info.Size() > left {
			return err
		}
		left -= info.Size()
		return copyFile(path, filepath.Join(folder, name))
	})
	if err != nil {
		remove()
		return "", nil, err
	}
	return folder, remove, nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
