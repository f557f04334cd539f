// Package procfs reads files of Linux's /proc and /sys: lines and numbers of any of them, and
// /proc/PID/stat.
//
// It reads by system calls, into buffers on the stack: an [os.File] would register each file with
// the runtime's poller, and reading a folder by it makes a value of each entry (BenchmarkProcess of
// package host). Formats are those of proc(5).
package procfs
