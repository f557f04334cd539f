package host

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// eachEntry calls entry with the name of each thing in a folder, as the kernel gives them, until it returns an
// error, which is returned. A folder with more than most is an error, too.
//
// It reads without os.File, which would make a value of each entry.
func eachEntry(folder string, most int, entry func(name string) error) error {
	fd, err := unix.Open(folder, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: folder, Err: err}
	}
	defer unix.Close(fd)
	var (
		buf   = make([]byte, 16<<10)
		names = make([]string, 0, 512)
	)
	for {
		n, err := unix.ReadDirent(fd, buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return &os.PathError{Op: "readdir", Path: folder, Err: err}
		}
		if n == 0 {
			return nil
		}
		_, _, names = unix.ParseDirent(buf[:n], -1, names[:0])
		for _, name := range names {
			if most--; most < 0 {
				return fmt.Errorf("%s holds too many entries", folder)
			}
			if err := entry(name); err != nil {
				return err
			}
		}
	}
}
