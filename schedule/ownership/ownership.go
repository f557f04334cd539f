package ownership

import (
	"fmt"
	"io/fs"
	"path/filepath"
)

// A Fault is returned where others than root and the user of this process may have changed a file.
type Fault struct {
	// Path is the file or folder that others may have changed, which may lie above the file that was
	// asked about, or on the way of a symbolic link.
	Path string
	// Why continues a sentence that begins with the path: "is writable by others (mode 0777)".
	Why string
	// Fix is the command that corrects it.
	Fix string
}

func (f *Fault) Error() string { return f.Path + " " + f.Why }

// Hint returns the command that corrects it.
func (f *Fault) Hint() string { return f.Fix }

// Check returns why the file or folder at path must not steer this process; nil if it may. also are
// users who are trusted besides root and the user of this process. Errors: *[Fault], and those of
// package os, which wrap fs.ErrNotExist where there is no such file.
func Check(path string, also ...int) error {
	_, _, err := Resolve(path, also...)
	return err
}

// CheckIn is [Check] for an entry of a folder that Check has accepted: on Unix, what is above is not
// asked about again.
func CheckIn(folder, name string) error { return checkIn(folder, name) }

// Resolve is [Check] that also returns the file's absolute path without symbolic links, and what
// os.Lstat says of it.
func Resolve(path string, also ...int) (resolved string, info fs.FileInfo, err error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", nil, fmt.Errorf("finding the folder of %q: %w", path, err)
	}
	return resolve(abs, also)
}
