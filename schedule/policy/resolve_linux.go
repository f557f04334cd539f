package policy

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// openedPath returns the path of an open file, see proc(5). Without /proc, it is not known.
func openedPath(f *os.File) (string, error) {
	path, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(int(f.Fd())))
	if os.IsNotExist(err) {
		return "", nil
	}
	return path, err
}

// procMagic is the type of the file system of processes, see statfs(2).
const procMagic = 0x9fa0

// isSecretFile reports whether an open file is one of a process that no script may read, where the file system of
// processes is mounted elsewhere; at /proc its path has told.
func isSecretFile(f *os.File, path string) bool {
	var fs syscall.Statfs_t
	if strings.HasPrefix(path, "/proc/") || syscall.Fstatfs(int(f.Fd()), &fs) != nil || int64(fs.Type) != procMagic {
		return false
	}
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i := range parts {
		if isSecretBelowProc(parts[i:]) {
			return true
		}
	}
	return false
}
