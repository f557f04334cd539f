package macos

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/bits"
	"time"
)

// A Process is an entry of the kernel's list of processes.
type Process struct {
	PID, Parent int
	Name        string // its first 16 bytes
	UID, GID    uint32 // effective user, real group
	Start       time.Time
	State       State
	Nice        int
}

// A State is what the kernel's list says of a process (SIDL and so on). It does not tell whether one
// runs or sleeps: see [Task].
type State int8

// States of processes.
const (
	Starting State = 1
	Stopped  State = 4
	Zombie   State = 5
)

// A Task is the figures of a process.
type Task struct {
	Virtual, Resident uint64 // bytes
	User, System      time.Duration
	Threads, Running  uint64 // Running: threads that run
	Faults, Pageins   uint64 // of pages; those that waited for a disk
	Priority          int
}

// taskBytes is the size of proc_taskinfo.
const taskBytes = 96

var (
	errTask = errors.New("proc_pidinfo: too few figures")
	errArgs = errors.New("kern.procargs2: the arguments are cut")
)

// A timebase is what turns the kernel's time into nanoseconds: numerator / denominator
// (mach_timebase_info).
type timebase struct{ numerator, denominator uint32 }

func (t timebase) duration(n uint64) time.Duration {
	if t.denominator == 0 {
		return 0
	}
	high, low := bits.Mul64(n, uint64(t.numerator))
	if high >= uint64(t.denominator) {
		return 0
	}
	ns, _ := bits.Div64(high, low, uint64(t.denominator))
	return nanoseconds(ns)
}

// parseTask reads proc_taskinfo.
func parseTask(b []byte, t timebase) (Task, error) {
	if len(b) < taskBytes {
		return Task{}, errTask
	}
	wide := func(at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }
	narrow := func(at int) uint64 { return uint64(binary.LittleEndian.Uint32(b[at:])) }
	return Task{
		Virtual: wide(0), Resident: wide(8), User: t.duration(wide(16)), System: t.duration(wide(24)),
		Faults: narrow(52), Pageins: narrow(56), Threads: narrow(84), Running: narrow(88),
		Priority: int(int32(narrow(92))),
	}, nil
}

// maxArguments bounds how many arguments are read.
const maxArguments = 1 << 16

// parseArguments reads kern.procargs2: the number of arguments, the path of the program, zero bytes,
// and the arguments, each with a zero byte at its end. The environment follows; it is never returned.
func parseArguments(b []byte) ([]string, error) {
	if len(b) < 4 {
		return nil, errArgs
	}
	n := binary.LittleEndian.Uint32(b)
	_, rest, ok := bytes.Cut(b[4:], []byte{0})
	if !ok || n > maxArguments {
		return nil, errArgs
	}
	rest = bytes.TrimLeft(rest, "\x00")
	var args []string
	for range n {
		argument, after, ok := bytes.Cut(rest, []byte{0})
		if !ok {
			return args, errArgs
		}
		args = append(args, string(argument))
		rest = after
	}
	return args, nil
}
