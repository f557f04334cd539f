package procfs

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// A Stat is what /proc/PID/stat says of a process, as far as it is used (proc_pid_stat(5)).
type Stat struct {
	PID, Parent int
	// Group and Session are -1 of a process that is just being reaped.
	Group, Session int
	// State is a letter: R, S, D, T, t, I, Z, X and others.
	State byte
	// UserTicks and SystemTicks are processor time in clock ticks (sysconf(_SC_CLK_TCK)).
	UserTicks, SystemTicks uint64
	// Priority is as the kernel has it; Nice is -20 to 19.
	Priority, Nice int
	Threads        uint64
	// Start is when it started, in clock ticks since boot: with PID, it identifies the process.
	Start uint64
	// RSS is resident memory in pages.
	RSS uint64
}

// Ended reports whether the process has ended: a zombie, or one that is being reaped.
func (s Stat) Ended() bool { return s.State == 'Z' || s.State == 'X' || s.State == 'x' }

// ErrStat is returned when what should be the content of /proc/PID/stat is not.
var ErrStat = errors.New("not a line of /proc/PID/stat")

// ParseStat parses the content of /proc/PID/stat, "PID (NAME) STATE PPID …". NAME is the process's
// own choice and may hold anything, newlines and ") (" included, so the last ')' ends it. Error:
// ErrStat.
func ParseStat(text []byte) (Stat, error) {
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return Stat{}, fmt.Errorf("%w: %.64q", ErrStat, text)
	}
	var s Stat
	const state = 3 // numbers of fields as in the manual page
	integers := [...]*int{4: &s.Parent, 5: &s.Group, 6: &s.Session, 18: &s.Priority, 19: &s.Nice}
	counters := [...]*uint64{14: &s.UserTicks, 15: &s.SystemTicks, 20: &s.Threads, 22: &s.Start, 24: &s.RSS}
	ok := parseInteger(bytes.TrimSpace(text[:open]), &s.PID)
	rest := bytes.TrimRight(text[end+1:], "\n")
	for i := state; i < len(counters); i++ {
		var field []byte
		field, rest = Field(rest)
		switch {
		case i == state:
			if ok = ok && len(field) == 1 && isLetter(field[0]); ok {
				s.State = field[0]
			}
		case i < len(integers) && integers[i] != nil:
			ok = ok && parseInteger(field, integers[i])
		case counters[i] != nil:
			ok = ok && parseCounter(field, counters[i])
		}
		if !ok {
			return Stat{}, fmt.Errorf("%w: field %d of %.64q", ErrStat, i, text)
		}
	}
	return s, nil
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func parseInteger(field []byte, into *int) bool {
	n, err := strconv.ParseInt(string(field), 10, 32)
	*into = int(n)
	return err == nil
}

func parseCounter(field []byte, into *uint64) bool {
	var n [1]uint64
	got, err := Numbers(field, n[:])
	*into = n[0]
	return err == nil && got == 1
}
