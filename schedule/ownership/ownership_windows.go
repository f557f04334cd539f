package ownership

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"
)

// maxLinks is how many symbolic links and junctions are followed.
const maxLinks = 40

// resolve returns the file's path without symbolic links.
func resolve(path string, _ []int) (string, fs.FileInfo, error) {
	a, err := currentAccounts()
	if err != nil {
		return "", nil, err
	}
	return a.resolve(path)
}

func checkIn(folder, name string) error { return Check(filepath.Join(folder, name)) }

// CheckForSystem is [Check] for what a process of the system itself is going to use or start: the user
// of this process is not trusted.
func CheckForSystem(path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("finding the folder of %q: %w", path, err)
	}
	a := accounts{admin: true, privileged: true}
	_, _, err = a.resolve(path)
	return err
}

// files are how a walk reads a disk.
type files struct {
	lstat        func(path string) (fs.FileInfo, error)
	readLink     func(path string, info fs.FileInfo) (target string, ok bool)
	descriptorOf func(path string) (*windows.SECURITY_DESCRIPTOR, error)
}

func (a *accounts) resolve(path string) (string, fs.FileInfo, error) {
	return a.resolveIn(files{os.Lstat, readLink, descriptorOf}, path)
}

func (a *accounts) resolveIn(disk files, path string) (string, fs.FileInfo, error) {
	asked := path
	for range maxLinks {
		target, info, err := a.walk(disk, path, asked)
		if err != nil {
			return "", nil, err
		}
		if target == "" {
			return path, info, nil
		}
		path = target
	}
	return "", nil, &fs.PathError{Op: "open", Path: asked, Err: windows.ERROR_CANT_RESOLVE_FILENAME}
}

// walk checks an absolute path from its volume to the file. At the first link it ends and returns the path
// that this leads to.
func (a *accounts) walk(disk files, path, asked string) (target string, info fs.FileInfo, err error) {
	volume := filepath.VolumeName(path)
	names := strings.FieldsFunc(path[len(volume):], func(r rune) bool { return r == '\\' || r == '/' })
	at := volume + `\`
	for i := range len(names) + 1 {
		if i > 0 {
			at = filepath.Join(at, names[i-1])
		}
		place := above
		switch i {
		case len(names):
			place = itself
		case len(names) - 1:
			if last, err := disk.lstat(path); err == nil && last.Mode().IsRegular() {
				place = holder
			}
		}
		info, err := disk.lstat(at)
		if err != nil {
			return "", nil, err
		}
		target, isLink := disk.readLink(at, info)
		if a.privileged || place == itself {
			role := place
			if isLink {
				role = link
			}
			sd, err := disk.descriptorOf(at)
			if err != nil {
				return "", nil, err
			}
			if fault := a.fault(at, sd, role, info.IsDir(), asked); fault != nil {
				return "", nil, fault
			}
		}
		if isLink {
			return filepath.Join(append([]string{target}, names[i:]...)...), nil, nil
		}
		if place == itself {
			return "", info, nil
		}
	}
	panic("unreachable: the last name is itself")
}

// readLink returns the absolute path that a symbolic link or a junction leads to.
func readLink(path string, info fs.FileInfo) (target string, ok bool) {
	if info.Mode()&(fs.ModeSymlink|fs.ModeIrregular) == 0 {
		return "", false
	}
	target, err := os.Readlink(path)
	if err != nil {
		return "", false // a reparse point of another kind
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(filepath.Dir(path), target)
	}
	return target, true
}

// descriptorOf reads the owner and the access list of a file, folder or link, which is not followed.
func descriptorOf(path string) (*windows.SECURITY_DESCRIPTOR, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	h, err := windows.CreateFile(name, windows.READ_CONTROL,
		windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE|windows.FILE_SHARE_DELETE, nil, windows.OPEN_EXISTING,
		windows.FILE_FLAG_BACKUP_SEMANTICS|windows.FILE_FLAG_OPEN_REPARSE_POINT, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer windows.CloseHandle(h)
	sd, err := windows.GetSecurityInfo(h, windows.SE_FILE_OBJECT,
		windows.OWNER_SECURITY_INFORMATION|windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return nil, &fs.PathError{Op: "reading the access list of", Path: path, Err: err}
	}
	return sd, nil
}
