package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// maxProcesses bounds how many processes are looked at.
	maxProcesses = 1 << 18
	// maxCommandLine bytes of a command line are looked at.
	maxCommandLine = 64 << 10
	// commBytes is what the kernel keeps of a name (TASK_COMM_LEN, without its end).
	commBytes = 15
)

// errNoProcess is returned of a process that is gone, or that its owner hides (the mount option hidepid).
var errNoProcess = errors.New("no such process")

// A procScan reads processes from /proc, each file of it only where those before it did not settle the matter:
// comm and the folder's owner, then cmdline, then stat and fd (proc(5)).
type procScan struct {
	wanted
	proc    string
	uid     uint32
	at      time.Duration
	command []byte // room for a command line
}

func readProcesses(ctx context.Context, p processes, w wanted, at time.Duration, _ time.Time) ([]process, error) {
	s := procScan{wanted: w, proc: p.tree.proc, at: at}
	if w.user != "" {
		uid, err := userNumber(w.user)
		if err != nil {
			return nil, err
		}
		s.uid = uid
	}
	var all []process
	own := strconv.Itoa(p.self)
	err := eachEntry(s.proc, maxProcesses, func(name string) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if name[0] < '1' || name[0] > '9' || name == own {
			return nil
		}
		pid, err := strconv.ParseUint(name, 10, 32)
		if err != nil || !s.matches(name) {
			return nil
		}
		one, err := s.look(name)
		if errors.Is(err, errNoProcess) {
			return nil
		}
		one.pid = pid
		all = append(all, one)
		return err
	})
	return all, err
}

// userNumber finds a user in /etc/passwd, or takes the number as it is.
func userNumber(name string) (uint32, error) {
	if n, err := strconv.ParseUint(name, 10, 32); err == nil {
		return uint32(n), nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return 0, errors.New("No such user: " + name)
	}
	n, err := strconv.ParseUint(u.Uid, 10, 32)
	return uint32(n), err
}

// matches reports whether the process of that number is wanted; one that is gone is not.
func (s *procScan) matches(pid string) bool {
	folder := s.proc + "/" + pid
	if s.name != "" {
		var buf [64]byte
		comm, err := firstLine(folder+"/comm", buf[:])
		if err != nil || string(comm) != s.name[:min(len(s.name), commBytes)] {
			return false
		}
	}
	if s.user != "" {
		// The folder belongs to the effective user, whatever the process may have dropped.
		var of unix.Stat_t
		if err := unix.Stat(folder, &of); err != nil || of.Uid != s.uid {
			return false
		}
	}
	if s.match == nil && len(s.name) <= commBytes {
		return true
	}
	command, ok := s.commandLine(folder + "/cmdline")
	if !ok {
		return false
	}
	if len(s.name) > commBytes {
		program, _, _ := bytes.Cut(command, []byte{0})
		if string(program[bytes.LastIndexByte(program, '/')+1:]) != s.name {
			return false
		}
	}
	if s.match == nil {
		return true
	}
	for i, c := range command {
		if c == 0 {
			command[i] = ' '
		}
	}
	return s.match.Match(command)
}

// commandLine reads the arguments, a zero byte between them; false for a process that has none (a thread of the
// kernel's).
func (s *procScan) commandLine(file string) ([]byte, bool) {
	fd, err := open(file)
	if err != nil {
		return nil, false
	}
	defer unix.Close(fd)
	if s.command == nil {
		s.command = make([]byte, 4<<10)
	}
	held := 0
	for {
		n, err := readSome(fd, file, s.command[held:])
		if err != nil {
			return nil, false
		}
		held += n
		if n == 0 || held == maxCommandLine {
			command := bytes.TrimRight(s.command[:held], "\x00")
			return command, len(command) > 0
		}
		if held == len(s.command) {
			s.command = append(s.command, make([]byte, held)...)
		}
	}
}

// look reads the figures of a process. Error: errNoProcess, or that its line makes no sense.
func (s *procScan) look(pid string) (process, error) {
	folder := s.proc + "/" + pid
	var buf [1024]byte
	line, err := readStat(folder+"/stat", buf[:])
	if err != nil {
		return process{}, errNoProcess
	}
	p, err := parseProcessStat(line)
	if err != nil {
		return process{}, err
	}
	p.rss *= uint64(os.Getpagesize())
	const tick = time.Second / ticksPerSecond
	if p.start < uint64(s.at/tick) {
		p.age = s.at - time.Duration(p.start)*tick
	}
	p.files, p.filesKnown = openFiles(folder + "/fd")
	return p, nil
}

// readStat reads the file whole: a name may have a newline in it.
func readStat(file string, buf []byte) ([]byte, error) {
	fd, err := open(file)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	n, err := readSome(fd, file, buf)
	return buf[:n], err
}

// parseProcessStat reads the line of /proc/PID/stat (proc(5)), rss in pages. The name, in parentheses, may hold
// anything, parentheses too. Error: errNoProcess for one that has ended.
func parseProcessStat(line []byte) (process, error) {
	const state, utime, stime, threads, start, rss = 3, 14, 15, 20, 22, 24 // as numbered there
	end := bytes.LastIndexByte(line, ')')
	if end < 0 {
		return process{}, fmt.Errorf("%.64q is no process", line)
	}
	var n [rss + 1]uint64
	rest := bytes.TrimRight(line[end+1:], "\n")
	for i := state; i <= rss; i++ {
		var field []byte
		field, rest = cutField(rest)
		switch i {
		case state:
			if string(field) == "Z" || string(field) == "X" || string(field) == "x" {
				return process{}, errNoProcess
			}
		case utime, stime, threads, start, rss:
			if got, err := cutNumbers(field, n[i:i+1]); err != nil || got != 1 {
				return process{}, fmt.Errorf("%.64q is no process: field %d", line, i)
			}
		}
	}
	return process{start: n[start], ticks: n[utime] + n[stime], rss: n[rss], threads: n[threads], threadsKnown: true}, nil
}

// openFiles counts the entries of a process's folder fd; false without the right to. Since Linux 6.2 the
// folder's size is their number, told to everybody.
func openFiles(folder string) (n uint64, ok bool) {
	var of unix.Stat_t
	if err := unix.Stat(folder, &of); err == nil && of.Size > 0 {
		return uint64(of.Size), true
	}
	err := eachEntry(folder, maxOpenFiles, func(string) error { n++; return nil })
	return n, err == nil
}

// maxOpenFiles bounds the counting (the kernel's own bound for one process, fs.nr_open).
const maxOpenFiles = 1 << 20
