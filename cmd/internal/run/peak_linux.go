package run

import (
	"bytes"
	"strconv"
	"syscall"
)

// peakBytes returns the peak of this process's resident memory; 0 where it is not known. It is
// VmHWM of proc_pid_status(5), which begins with the program: ru_maxrss of getrusage(2) includes
// the process that started it, because the kernel hands it down through fork and execve.
func peakBytes() int64 {
	fd, err := syscall.Open("/proc/self/status", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return 0
	}
	defer syscall.Close(fd)
	var buf [4096]byte // the file has some 1,500 bytes, VmHWM in the first 500
	n, err := syscall.Read(fd, buf[:])
	if err != nil {
		return 0
	}
	return parsePeak(buf[:n])
}

func parsePeak(status []byte) int64 {
	_, rest, ok := bytes.Cut(status, []byte("\nVmHWM:"))
	if !ok {
		return 0
	}
	number, _, ok := bytes.Cut(bytes.TrimLeft(rest, " \t"), []byte(" kB\n"))
	if !ok {
		return 0
	}
	kB, err := strconv.ParseInt(string(number), 10, 64)
	if err != nil || kB < 0 {
		return 0
	}
	return kB << 10
}
