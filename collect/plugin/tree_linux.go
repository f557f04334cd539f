package plugin

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Bounds of what is read of /proc.
const (
	maxStatBytes    = 1 << 10   // /proc/PID/stat: 52 numbers and 64 bytes of name at most
	maxEnvironBytes = 256 << 10 // /proc/PID/environ; the mark is looked for no further
)

// A tree is a plugin and all that it started, as far as /proc shows it (proc(5)).
//
// A process belongs to it that is in the plugin's group or session, that has an ancestor in the tree,
// or that has the run's mark in its environment. Once seen it stays a member, by number and time of
// start, so that it is known after its parents died.
type tree struct {
	pid     int
	mark    []byte
	started uint64 // the plugin's start, once looked up; no member is older
	members map[int]uint64
	alive   int
}

// A stat is what /proc/PID/stat says of a process.
type stat struct {
	pid, parent, group, session int
	started                     uint64 // clock ticks since boot
	dead                        bool   // a zombie, or about to be none
}

func newTree(pid int, mark string) *tree {
	return &tree{pid: pid, mark: []byte(mark)}
}

// note looks for members and counts those alive.
func (t *tree) note() {
	if t.members == nil {
		t.members = make(map[int]uint64)
		// The plugin is in the table until it is reaped, be it dead.
		if s, ok := statOf(t.pid, make([]byte, maxStatBytes)); ok {
			t.started = s.started
		}
	}
	t.alive = 0
	all := processes(t.started)
	mine, at := make([]bool, len(all)), make(map[int]int, len(all))
	for i, s := range all {
		at[s.pid] = i
	}
	// A living process has a parent that is there now, so an earlier owner of its number plays no part.
	parentIsMine := func(s stat) bool { i, ok := at[s.parent]; return ok && mine[i] }
	// Once by the environment, which costs a read each; then by parentage, until nothing is new.
	for first, more := true, true; more; first = false {
		more = false
		for i, s := range all {
			if mine[i] {
				continue
			}
			started, known := t.members[s.pid]
			mine[i] = known && started == s.started ||
				s.pid == t.pid || s.group == t.pid || s.session == t.pid ||
				parentIsMine(s) ||
				first && !s.dead && t.marked(s.pid)
			if mine[i] {
				t.members[s.pid] = s.started
				more = true
				if !s.dead {
					t.alive++
				}
			}
		}
	}
}

func (t *tree) empty() bool { return t.alive == 0 }

// signal sends sig to the plugin's group in one stroke and then to each member that left it.
func (t *tree) signal(sig syscall.Signal) {
	syscall.Kill(-t.pid, sig)
	buf := make([]byte, maxStatBytes)
	for pid, started := range t.members {
		if s, ok := statOf(pid, buf); ok && s.started == started && s.group != t.pid && !s.dead {
			signalOne(s, sig, buf)
		}
	}
}

// signalOne signals a process by a descriptor of it, so that another that has got its number since is
// safe. Linux before 5.3 has none.
func signalOne(s stat, sig syscall.Signal, buf []byte) {
	fd, err := unix.PidfdOpen(s.pid, 0)
	if err != nil {
		if errors.Is(err, unix.ENOSYS) {
			syscall.Kill(s.pid, sig)
		}
		return
	}
	defer unix.Close(fd)
	if now, ok := statOf(s.pid, buf); ok && now.started == s.started {
		unix.PidfdSendSignal(fd, sig, nil, 0)
	}
}

// marked reports whether a process began its program with the run's mark in its environment. A
// process that may not be looked into may not be signalled either.
func (t *tree) marked(pid int) bool {
	f, err := os.Open("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return false
	}
	defer f.Close()
	buf := make([]byte, 0, 8<<10)
	for total := 0; total < maxEnvironBytes; {
		n, err := f.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		total += n
		if bytes.Contains(buf, t.mark) {
			return true
		}
		if err != nil {
			return false
		}
		// The mark may lie across two reads.
		keep := min(len(buf), len(t.mark)-1)
		buf = buf[:copy(buf, buf[len(buf)-keep:])]
	}
	return false
}

// processes lists those that started no earlier than since.
func processes(since uint64) []stat {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	var (
		all []stat
		buf = make([]byte, maxStatBytes)
	)
	for {
		names, err := dir.Readdirnames(256)
		for _, name := range names {
			pid, err := strconv.Atoi(name)
			if err != nil {
				continue
			}
			if s, ok := statOf(pid, buf); ok && s.started >= since {
				all = append(all, s)
			}
		}
		if err != nil {
			return all
		}
	}
}

// statOf reads /proc/PID/stat.
func statOf(pid int, buf []byte) (stat, bool) {
	f, err := os.Open("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return stat{}, false
	}
	defer f.Close()
	n, err := io.ReadFull(f, buf)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return stat{}, false
	}
	return parseStat(buf[:n])
}

// parseStat reads "PID (NAME) STATE PPID PGRP SESSION … STARTTIME …", STARTTIME being the 22nd field. NAME is
// the process's own choice and may hold anything, so the last ')' ends it.
func parseStat(text []byte) (stat, bool) {
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return stat{}, false
	}
	fields := bytes.Fields(text[end+1:])
	if len(fields) < 20 || len(fields[0]) != 1 {
		return stat{}, false
	}
	var s stat
	ok := true
	number := func(b []byte) int {
		n, err := strconv.Atoi(string(b))
		ok = ok && err == nil
		return n
	}
	s.pid = number(bytes.TrimSpace(text[:open]))
	s.parent, s.group, s.session = number(fields[1]), number(fields[2]), number(fields[3])
	started, err := strconv.ParseUint(string(fields[19]), 10, 64)
	s.started = started
	s.dead = fields[0][0] == 'Z' || fields[0][0] == 'X'
	return s, ok && err == nil
}
