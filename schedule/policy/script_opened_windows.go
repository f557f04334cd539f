package policy

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// namesOf returns how many names a file has.
func namesOf(f *os.File, _ fs.FileInfo) uint64 {
	var info syscall.ByHandleFileInformation
	if syscall.GetFileInformationByHandle(syscall.Handle(f.Fd()), &info) != nil {
		return 2
	}
	return uint64(info.NumberOfLinks)
}

func isAbsolutePath(path string) bool { return filepath.IsAbs(path) || isUNC(path) }

// hasOddName reports whether the system would open something else than a file of this name.
func hasOddName(path string) bool { return isOddOnWindows(path) }
