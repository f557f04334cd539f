package procfs

import (
	"bytes"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// EachLine calls line with each line of a file, without its newline, until line returns false. The
// bytes are valid during the call only; of a line longer than 4 KiB (the interrupt counters of
// /proc/stat) they are its beginning.
func EachLine(path string, line func([]byte) bool) error {
	fd, err := open(path)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var (
		buf  = make([]byte, 4096)
		used = 0     // bytes of buf that hold the beginning of a line
		long = false // skipping the rest of a line that was passed already
	)
	for {
		n, err := readSome(fd, path, buf[used:])
		if err != nil {
			return err
		}
		if n == 0 {
			if used > 0 && !long {
				line(buf[:used])
			}
			return nil
		}
		data := buf[:used+n]
		for {
			end := bytes.IndexByte(data, '\n')
			if end < 0 {
				break
			}
			if !long && !line(data[:end]) {
				return nil
			}
			data, long = data[end+1:], false
		}
		used = copy(buf, data)
		if used == len(buf) {
			if !long && !line(buf) {
				return nil
			}
			used, long = 0, true
		}
	}
}

// FirstLine reads a file of one short line into buf and returns the line; what does not fit is left
// out.
func FirstLine(path string, buf []byte) ([]byte, error) {
	fd, err := open(path)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	n, err := readSome(fd, path, buf)
	line, _, _ := bytes.Cut(buf[:n], []byte("\n"))
	return line, err
}

// ReadFile reads the first most bytes of a file into buf, grown where it is too small: stat(2) does
// not tell the size of a file of /proc.
func ReadFile(path string, buf []byte, most int) ([]byte, error) {
	fd, err := open(path)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	buf = buf[:0]
	for len(buf) < most {
		buf = slices.Grow(buf, 1)
		n, err := readSome(fd, path, buf[len(buf):min(cap(buf), most)])
		if err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
		buf = buf[:len(buf)+n]
	}
	return buf, nil
}

func open(path string) (fd int, err error) {
	for {
		fd, err = unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		switch err {
		case nil:
			return fd, nil
		case unix.EINTR:
		default:
			return 0, &os.PathError{Op: "open", Path: path, Err: err}
		}
	}
}

func readSome(fd int, path string, buf []byte) (n int, err error) {
	for {
		n, err = unix.Read(fd, buf)
		switch err {
		case nil:
			return n, nil
		case unix.EINTR:
		default:
			return 0, &os.PathError{Op: "read", Path: path, Err: err}
		}
	}
}
