package host

import (
	"bytes"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// eachLine calls line with each line of a file of /proc or /sys, without its newline, until it returns
// false. The bytes are valid during the call only; of a line longer than 4 KiB (the interrupt counters
// of /proc/stat) they are its beginning.
//
// It reads without os.File, which would ask the poller about a file that has nothing to poll.
func eachLine(path string, line func([]byte) bool) error {
	fd, err := open(path)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var (
		buf  = make([]byte, 4096)
		held = 0     // bytes of buf in use: a line's beginning
		long = false // the rest of a line that was passed already is being skipped
	)
	for {
		n, err := readSome(fd, path, buf[held:])
		if err != nil {
			return err
		}
		if n == 0 {
			if held > 0 && !long {
				line(buf[:held])
			}
			return nil
		}
		data := buf[:held+n]
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
		held = copy(buf, data)
		if held == len(buf) {
			if !long && !line(buf) {
				return nil
			}
			held, long = 0, true
		}
	}
}

// firstLine reads a file of one short line into buf and returns the line; what does not fit is left out.
func firstLine(path string, buf []byte) ([]byte, error) {
	fd, err := open(path)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	n, err := readSome(fd, path, buf)
	line, _, _ := bytes.Cut(buf[:n], []byte("\n"))
	return line, err
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

// cutField returns the first field of a line and what follows it. Fields lie between blanks.
func cutField(line []byte) (field, rest []byte) {
	start := 0
	for start < len(line) && (line[start] == ' ' || line[start] == '\t') {
		start++
	}
	end := start
	for end < len(line) && line[end] != ' ' && line[end] != '\t' {
		end++
	}
	return line[start:end], line[end:]
}

// cutNumbers fills numbers from the fields of a line and returns how many there were. What is no decimal
// number, or too large, is an error.
func cutNumbers(line []byte, numbers []uint64) (int, error) {
	for i := range numbers {
		field, rest := cutField(line)
		if len(field) == 0 {
			return i, nil
		}
		n := uint64(0)
		for _, c := range field {
			d := uint64(c - '0')
			if d > 9 || n > (1<<64-1-d)/10 {
				return i, fmt.Errorf("%.32q is no counter", field)
			}
			n = n*10 + d
		}
		numbers[i], line = n, rest
	}
	return len(numbers), nil
}
