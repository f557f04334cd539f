package procfs

import "golang.org/x/sys/unix"

// maxStatBytes bounds /proc/PID/stat: 52 numbers and at most 64 bytes of name.
const maxStatBytes = 2 << 10

// ReadStat reads the file stat in the folder of a process. Errors: *[os.PathError] where the
// process is gone or hidden, ErrStat.
func ReadStat(folder string) (Stat, error) {
	path := folder + "/stat"
	fd, err := open(path)
	if err != nil {
		return Stat{}, err
	}
	defer unix.Close(fd)
	var buf [maxStatBytes]byte
	n, err := readSome(fd, path, buf[:])
	if err != nil {
		return Stat{}, err
	}
	return ParseStat(buf[:n])
}
