package collecttest

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Offsets of struct seccomp_data (seccomp(2)); of a 64-bit argument the half that holds an address
// family is read, on little-endian systems.
const (
	dataNumber   = 0
	dataFirstArg = 16
)

// confine takes from this process, for good, the right to start a program and to open a socket
// (seccomp(2)). Who tries is killed by SIGSYS, so that a check cannot hide that it tried; only a
// socket of the host's own (AF_UNIX) is refused with EACCES, because the C library asks nscd by one
// for a user's name and goes on without.
func confine() error {
	load := func(offset uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
	}
	ifEqual := func(k uint32, yes, no uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: k, Jt: yes, Jf: no}
	}
	result := func(k uint32) unix.SockFilter { return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: k} }
	filter := []unix.SockFilter{
		load(dataNumber),
		ifEqual(unix.SYS_EXECVE, 4, 0), // jumps count from the next instruction
		ifEqual(unix.SYS_EXECVEAT, 3, 0),
		ifEqual(unix.SYS_SOCKET, 0, 3),
		load(dataFirstArg),
		ifEqual(unix.AF_UNIX, 2, 0),
		result(unix.SECCOMP_RET_KILL_PROCESS),
		result(unix.SECCOMP_RET_ALLOW),
		result(unix.SECCOMP_RET_ERRNO | uint32(unix.EACCES)),
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	runtime.LockOSThread() // the first call concerns a thread, the second all of them
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("prctl(PR_SET_NO_NEW_PRIVS): %w", err)
	}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	runtime.KeepAlive(filter)
	if errno != 0 {
		return fmt.Errorf("seccomp: %w", errno)
	}
	return nil
}
