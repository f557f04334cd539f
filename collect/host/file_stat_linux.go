package host

import (
	"io/fs"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"virgo/collect/filetime"
	"virgo/schedule/policy"
)

// statFile returns what is at a path from Guard.Resolve, and when it was last changed. With a guard, that
// is of the very file that the guard has decided on: a folder above it may have been replaced by a link
// since.
func statFile(g *policy.Guard, path string) (fs.FileInfo, time.Time, error) {
	if g == nil {
		return statPath(path)
	}
	f, err := os.OpenFile(path, unix.O_PATH, 0) // needs no permission for the file, and never waits for it
	if err != nil {
		return nil, time.Time{}, err
	}
	defer f.Close()
	if err := g.Opened(f); err != nil {
		return nil, time.Time{}, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, time.Time{}, err
	}
	return info, filetime.Modified("/proc/self/fd/"+strconv.Itoa(int(f.Fd())), info), nil
}
