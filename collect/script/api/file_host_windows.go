package api

import (
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/windows"

	"virgo/collect/script"
)

// openRegular opens a file for reading. The guard decides on the opened file once more.
func openRegular(path string) (*os.File, error) {
	info, err := os.Lstat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: errNotRegular}
	}
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return checkRegular(f)
}

func openFolder(path string) (*os.File, error) { return os.Open(path) }

func readlinkAt(path string) (string, error) { return os.Readlink(path) }

func statAt(path string) (script.FileInfo, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return script.FileInfo{}, err
	}
	return script.FileInfo{
		Name: info.Name(), Size: info.Size(), Mode: info.Mode(), Modified: info.ModTime(), UID: -1, GID: -1,
	}, nil
}

// statIn says what an entry of a folder is.
func statIn(folder *os.File, name string) (script.FileInfo, error) {
	return statAt(filepath.Join(folder.Name(), name))
}

// ownerOf returns nothing: Windows has lists of rights.
func ownerOf(script.FileInfo) string { return "" }

func spaceOf(path string) (script.Space, error) {
	p, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return script.Space{}, err
	}
	var s script.Space
	if err := windows.GetDiskFreeSpaceEx(p, &s.Available, &s.Total, &s.Free); err != nil {
		return script.Space{}, &fs.PathError{Op: "statfs", Path: path, Err: err}
	}
	return s, nil
}
