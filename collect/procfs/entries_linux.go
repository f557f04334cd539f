package procfs

import (
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// EachEntry calls entry with the name of each entry of a folder, in the kernel's order, until it
// returns an error, which is returned. A folder with more than most entries is an error, too.
func EachEntry(folder string, most int, entry func(name string) error) error {
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

// maxProcesses is more than the entries that /proc can have (PID_MAX_LIMIT is 1<<22).
const maxProcesses = 1 << 23

// EachProcess calls process with the number and the folder of each process in the /proc mounted at
// proc, until it returns an error, which is returned.
func EachProcess(proc string, process func(pid int, folder string) error) error {
	return EachEntry(proc, maxProcesses, func(name string) error {
		if name[0] < '1' || name[0] > '9' {
			return nil
		}
		pid, err := strconv.ParseInt(name, 10, 32)
		if err != nil {
			return nil
		}
		return process(int(pid), proc+"/"+name)
	})
}
