package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"virgo/collect/procfs"

	"golang.org/x/sys/unix"
)

// processesByKernel says that reading processes starts no program.
const processesByKernel = true

const (
	// maxCommandLine bytes of a command line are read.
	maxCommandLine = 64 << 10
	// commBytes of a name are in comm (TASK_COMM_LEN without the final zero byte).
	commBytes = 15
)

// errNoProcess is returned for a process that has ended, or is hidden (the mount option hidepid).
var errNoProcess = errors.New("no such process")

// errHidden is returned where a number of processes would be too small.
var errHidden = errors.New("other users' processes cannot be seen, because /proc is mounted with hidepid: " +
	"run virgo as root, or check your own with the detail user")

// A procScan reads processes from /proc, each file only where those before it match: the folder's
// owner and comm, then cmdline, then stat and fd (proc(5)).
type procScan struct {
	processCriteria
	proc    string
	uid     uint32
	at      time.Duration
	command []byte // buffer for a command line
	denied  int    // processes that this user may not read
}

func readProcesses(
	ctx context.Context, p processes, w processCriteria, at time.Duration, _ time.Time,
) ([]process, error) {
	s := procScan{processCriteria: w, proc: p.tree.proc, at: at}
	if w.user != "" {
		uid, err := userNumber(w.user)
		if err != nil {
			return nil, err
		}
		s.uid = uid
	}
	// All of the user's own processes are seen.
	if (w.user == "" || s.uid != uint32(os.Geteuid())) && procfs.HidesProcesses(s.proc) {
		return nil, errHidden
	}
	var all []process
	err := procfs.EachProcess(s.proc, func(pid int, folder string) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if pid == p.self || !s.matches(folder) {
			return nil
		}
		one, err := s.read(folder)
		if errors.Is(err, errNoProcess) {
			return nil
		}
		one.pid = uint64(pid)
		all = append(all, one)
		return err
	})
	if err == nil && s.denied > 0 {
		err = fmt.Errorf("%d other processes cannot be read: permission denied", s.denied)
	}
	return all, err
}

// matches reports whether the process with that folder matches; one that has ended does not, and one
// that cannot be read is counted.
func (s *procScan) matches(folder string) bool {
	if s.user != "" {
		// The folder belongs to the effective user.
		var of unix.Stat_t
		if err := unix.Stat(folder, &of); err != nil || of.Uid != s.uid {
			return false
		}
	}
	if s.name != "" && !s.nameMatches(folder) {
		return false
	}
	if s.match == nil {
		return true
	}
	command, ok := s.commandLine(folder + "/cmdline")
	if !ok {
		return false
	}
	for i, c := range command {
		if c == 0 {
			command[i] = ' '
		}
	}
	return s.match.Match(command)
}

// nameMatches compares the name with comm, and where that does not tell the name, with the command
// line: where comm is truncated, and of an interpreter.
func (s *procScan) nameMatches(folder string) bool {
	var buf [64]byte
	comm, err := procfs.FirstLine(folder+"/comm", buf[:])
	switch {
	case err != nil:
		s.countDenied(err)
		return false
	case string(comm) == s.name:
		return true
	case len(comm) == commBytes && strings.HasPrefix(s.name, string(comm)):
		command, ok := s.commandLine(folder + "/cmdline")
		return ok && hasFullName(command, s.name)
	case isInterpreter(comm):
		command, ok := s.commandLine(folder + "/cmdline")
		return ok && string(scriptName(command)) == s.name
	}
	return false
}

func (s *procScan) countDenied(err error) {
	if errors.Is(err, fs.ErrPermission) {
		s.denied++
	}
}

// commandLine reads the arguments, a zero byte between them; false for a process that has none (a
// kernel thread). They are valid until the next call.
func (s *procScan) commandLine(file string) ([]byte, bool) {
	text, err := procfs.ReadFile(file, s.command, maxCommandLine)
	if err != nil {
		s.countDenied(err)
		return nil, false
	}
	s.command = text
	command := bytes.TrimRight(text, "\x00")
	return command, len(command) > 0
}

// read reads the figures of a process. Errors: errNoProcess, procfs.ErrStat.
func (s *procScan) read(folder string) (process, error) {
	stat, err := procfs.ReadStat(folder)
	if errors.Is(err, procfs.ErrStat) {
		return process{}, err
	}
	if err != nil || stat.Ended() {
		return process{}, errNoProcess
	}
	p := process{
		start: stat.Start, ticks: stat.UserTicks + stat.SystemTicks,
		rss: stat.RSS * uint64(os.Getpagesize()), threads: stat.Threads, threadsKnown: true,
	}
	const tick = time.Second / ticksPerSecond
	if p.start < uint64(s.at/tick) {
		p.age = s.at - time.Duration(p.start)*tick
	}
	p.files, p.filesKnown = openFiles(folder + "/fd")
	return p, nil
}

// openFiles counts the entries of a process's folder fd; false without permission. Since Linux 6.2
// the folder's size is their number, which every user may read.
func openFiles(folder string) (n uint64, ok bool) {
	var of unix.Stat_t
	if err := unix.Stat(folder, &of); err == nil && of.Size > 0 {
		return uint64(of.Size), true
	}
	err := procfs.EachEntry(folder, maxOpenFiles, func(string) error { n++; return nil })
	return n, err == nil
}

// maxOpenFiles bounds the count (the kernel's bound for one process, fs.nr_open).
const maxOpenFiles = 1 << 20
