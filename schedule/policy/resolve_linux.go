package policy

import (
	"os"
	"strconv"
)

// openedPath returns the path of an open file, see proc(5). Without /proc, it is not known.
func openedPath(f *os.File) (string, error) {
	path, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(int(f.Fd())))
	if os.IsNotExist(err) {
		return "", nil
	}
	return path, err
}
