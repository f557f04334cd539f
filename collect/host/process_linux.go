package host

import (
	"bytes"
	"context"
	"errors"
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
	unread  int    // processes that cannot be read, which may match
}

func readProcesses(
	ctx context.Context, p processes, w processCriteria, at time.Duration, _ time.Time,
) (processList, error) {
	s := procScan{processCriteria: w, proc: p.tree.proc, at: at}
	if w.user != "" {
		uid, err := userNumber(w.user)
		if err != nil {
			return processList{}, err
		}
		s.uid = uid
	}
	// All of the user's own processes are seen.
	if (w.user == "" || s.uid != uint32(os.Geteuid())) && procfs.HidesProcesses(s.proc) {
		return processList{}, errHidden
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
		switch {
		case errors.Is(err, errNoProcess):
		case err != nil:
			s.unread++
		default:
			one.pid = uint64(pid)
			all = append(all, one)
		}
		return nil
	})
	return processList{all, s.unread}, err
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
		s.countUnread(err)
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

// countUnread counts a process of which a file cannot be read, unless it has ended or is hidden.
func (s *procScan) countUnread(err error) {
	if !hasEnded(err) {
		s.unread++
	}
}

// hasEnded reports whether a file of a process is not there any more (proc(5): ESRCH if it was open).
func hasEnded(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH)
}

// commandLine reads the arguments, a zero byte between them; false for a process that has none (a
// kernel thread). They are valid until the next call.
func (s *procScan) commandLine(file string) ([]byte, bool) {
	text, err := procfs.ReadFile(file, s.command, maxCommandLine)
	if err != nil {
		s.countUnread(err)
		return nil, false
	}
	s.command = text
	command := bytes.TrimRight(text, "\x00")
	return command, len(command) > 0
}

// read reads the figures of a process. Errors: errNoProcess, procfs.ErrStat, *os.PathError.
func (s *procScan) read(folder string) (process, error) {
	stat, err := procfs.ReadStat(folder)
	if err == nil && stat.Ended() || err != nil && hasEnded(err) {
		return process{}, errNoProcess
	}
	if err != nil {
		return process{}, err
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
