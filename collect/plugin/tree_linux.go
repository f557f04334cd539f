package plugin

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"syscall"

	"virgo/collect/procfs"

	"golang.org/x/sys/unix"
)

// maxEnvironBytes is how much of /proc/PID/environ is searched for the mark.
const maxEnvironBytes = 256 << 10

// A tree is a plugin and all processes that it started, as far as /proc shows them (proc(5)): those in
// the plugin's process group or session, with an ancestor in the tree, or with the run's mark in their
// environment. A process once found stays a member, identified by PID and start time, after its parents
// have died.
type tree struct {
	pid     int
	mark    []byte
	started uint64         // the plugin's start time; no member is older
	members map[int]uint64 // start times by PID
	alive   int            // members found alive by the last scan
}

func newTree(pid int, mark string) *tree {
	return &tree{pid: pid, mark: []byte(mark)}
}

// scan searches /proc for members and counts those alive.
func (t *tree) scan() {
	if t.members == nil {
		t.members = make(map[int]uint64)
		// Even if it has died, the plugin is listed until it is reaped.
		if s, err := statOf(t.pid); err == nil {
			t.started = s.Start
		}
	}
	t.alive = 0
	all := processes(t.started)
	member, index := make([]bool, len(all)), make(map[int]int, len(all))
	for i, s := range all {
		index[s.PID] = i
	}
	// A living process's parent exists, so its PID cannot be that of an earlier process.
	parentIsMember := func(s procfs.Stat) bool { i, ok := index[s.Parent]; return ok && member[i] }
	// The environment, which costs a read each, is checked once; parents until no member is added.
	for first, more := true, true; more; first = false {
		more = false
		for i, s := range all {
			if member[i] {
				continue
			}
			started, known := t.members[s.PID]
			member[i] = known && started == s.Start ||
				s.PID == t.pid || s.Group == t.pid || s.Session == t.pid ||
				parentIsMember(s) ||
				first && !s.Ended() && t.hasMark(s.PID)
			if member[i] {
				t.members[s.PID] = s.Start
				more = true
				if !s.Ended() {
					t.alive++
				}
			}
		}
	}
}

func (t *tree) empty() bool { return t.alive == 0 }

// signal sends sig to the plugin's process group at once, then to each member outside it.
func (t *tree) signal(sig syscall.Signal) {
	syscall.Kill(-t.pid, sig)
	for pid, started := range t.members {
		if s, err := statOf(pid); err == nil && s.Start == started && s.Group != t.pid && !s.Ended() {
			signalProcess(s, sig)
		}
	}
}

// signalProcess signals a process through a pidfd, so that a new process with the same PID is not hit.
// Linux before 5.3 has no pidfd_open(2).
func signalProcess(s procfs.Stat, sig syscall.Signal) {
	fd, err := unix.PidfdOpen(s.PID, 0)
	if err != nil {
		if errors.Is(err, unix.ENOSYS) {
			syscall.Kill(s.PID, sig)
		}
		return
	}
	defer unix.Close(fd)
	if now, err := statOf(s.PID); err == nil && now.Start == s.Start {
		unix.PidfdSendSignal(fd, sig, nil, 0)
	}
}

// hasMark reports whether a process was started with the run's mark in its environment. Where it may
// not be read, the process may not be signalled either.
func (t *tree) hasMark(pid int) bool {
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
		// The mark may span two reads.
		keep := min(len(buf), len(t.mark)-1)
		buf = buf[:copy(buf, buf[len(buf)-keep:])]
	}
	return false
}

// processes returns the processes that started at since or later, in clock ticks since boot.
func processes(since uint64) []procfs.Stat {
	var all []procfs.Stat
	// What is found until an error is all that can be found.
	_ = procfs.EachProcess("/proc", func(_ int, folder string) error {
		if s, err := procfs.ReadStat(folder); err == nil && s.Start >= since {
			all = append(all, s)
		}
		return nil
	})
	return all
}

func statOf(pid int) (procfs.Stat, error) { return procfs.ReadStat("/proc/" + strconv.Itoa(pid)) }
