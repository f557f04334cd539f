package macos

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/net/route"
	"golang.org/x/sys/unix"
)

// Processors reads the times of the logical processors.
func Processors() ([]Processor, error) {
	counters, n, release, code := hostProcessorInfo()
	defer release()
	if code != 0 {
		return nil, fmt.Errorf("host_processor_info: error %d of the kernel", int32(code))
	}
	return parseProcessors(counters, n)
}

// ReadMemory reads main memory and swap space.
func ReadMemory() (Memory, error) {
	var m Memory
	var err error
	if m.Total, err = unix.SysctlUint64("hw.memsize"); err != nil {
		return m, fmt.Errorf("sysctl hw.memsize: %w", err)
	}
	var b [vmStatisticsBytes]byte
	n, code := hostStatistics(&b)
	if code != 0 {
		return m, fmt.Errorf("host_statistics64: error %d of the kernel", int32(code))
	}
	if err := m.addStatistics(b[:min(n, len(b))], uint64(os.Getpagesize())); err != nil {
		return m, err
	}
	swap, err := unix.SysctlRaw("vm.swapusage")
	if err != nil {
		return m, fmt.Errorf("sysctl vm.swapusage: %w", err)
	}
	return m, m.addSwap(swap)
}

// Interfaces reads the network interfaces.
func Interfaces() ([]Interface, error) {
	b, err := route.FetchRIB(syscall.AF_UNSPEC, syscall.NET_RT_IFLIST2, 0)
	if err != nil {
		return nil, fmt.Errorf("reading the list of interfaces: %w", err)
	}
	return parseInterfaces(b)
}

// Processes lists the processes, without the kernel's own (0).
func Processes() ([]Process, error) {
	entries, err := unix.SysctlKinfoProcSlice("kern.proc.all")
	if err != nil {
		return nil, fmt.Errorf("sysctl kern.proc.all: %w", err)
	}
	all := make([]Process, 0, len(entries))
	for i := range entries {
		p, e := &entries[i].Proc, &entries[i].Eproc
		if p.P_pid <= 0 {
			continue
		}
		all = append(all, Process{
			PID: int(p.P_pid), Parent: int(e.Ppid), Name: unix.ByteSliceToString(p.P_comm[:]),
			UID: e.Ucred.Uid, GID: e.Pcred.P_rgid, Nice: int(p.P_nice), State: State(p.P_stat),
			Start: time.Unix(p.P_starttime.Sec, int64(p.P_starttime.Usec)*1000),
		})
	}
	return all, nil
}

// Arguments returns the arguments of a process, the program first; an error for one of another user,
// unless this one is root.
func Arguments(pid int) ([]string, error) {
	b, err := unix.SysctlRaw("kern.procargs2", pid)
	if err != nil {
		return nil, err
	}
	return parseArguments(b)
}

// ReadTask reads the figures of a process; false for one of another user, unless this one is root.
func ReadTask(pid int) (t Task, ok bool) {
	var b [taskBytes]byte
	n := pidInfo(pid, pidTaskInfo, b[:])
	t, err := parseTask(b[:min(n, len(b))], machTimebase())
	return t, err == nil
}

// fileBytes is the size of proc_fdinfo, of which there is one for each open file.
const fileBytes = 8

// maxFileBytes bounds what is read of the open files of a process: a million files.
const maxFileBytes = fileBytes << 20

// OpenFiles counts the open files of a process; false for one of another user, unless this one is
// root.
func OpenFiles(pid int) (n uint64, ok bool) {
	size := pidInfo(pid, pidListFiles, nil)
	if size == 0 {
		return 0, false
	}
	b := make([]byte, min(size, maxFileBytes))
	size = pidInfo(pid, pidListFiles, b)
	return uint64(size / fileBytes), size > 0
}

// Program returns the path of a process's program; empty if it is not known.
func Program(pid int) string {
	const maxPath = 4096 // PROC_PIDPATHINFO_MAXSIZE
	b := make([]byte, maxPath)
	return string(b[:min(pidPath(pid, b), maxPath)])
}

// A System is what system it is.
type System struct {
	Kernel, Version string // Darwin's, for example 25.1.0
	Release         string // macOS's, for example 26.1
	Arch            string // for example arm64
	Boot            uint64 // s since the epoch
}

// ReadSystem reads what system it is. What it does not say is empty.
func ReadSystem() (System, error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return System{}, fmt.Errorf("uname: %w", err)
	}
	s := System{
		Kernel:  unix.ByteSliceToString(u.Sysname[:]),
		Version: unix.ByteSliceToString(u.Release[:]),
		Arch:    unix.ByteSliceToString(u.Machine[:]),
	}
	if release, err := unix.Sysctl("kern.osproductversion"); err == nil {
		s.Release = strings.TrimSpace(release)
	}
	if tv, err := unix.SysctlTimeval("kern.boottime"); err == nil && tv.Sec > 0 {
		s.Boot = uint64(tv.Sec)
	}
	return s, nil
}
