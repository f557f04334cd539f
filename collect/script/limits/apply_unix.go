//go:build unix

package limits

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"virgo/collect/script/breach"
)

// unlimited is more than any limit.
const unlimited = 1<<63 - 1

// Apply limits this process. breach is called when the watchdog finds that it has too much memory,
// and must end it. Error: the system refuses a limit; then no script may run.
func Apply(l breach.Limits, breach func()) (*Process, error) {
	limitRuntime(l.MemoryBytes)
	for _, limit := range []struct {
		what     string
		resource int
		most     uint64
		set      func(resource int, n uint64) error
	}{
		// Go ignores the signal of the soft limit.
		{"processor time", unix.RLIMIT_CPU, uint64(max(1, l.CPU.Seconds())), setHard},
		{"open files", unix.RLIMIT_NOFILE, processFiles, setSoft},
		{"written files", unix.RLIMIT_FSIZE, 0, setSoft},
		{"core files", unix.RLIMIT_CORE, 0, setSoft},
	} {
		soft, _, err := get(limit.resource)
		if err == nil {
			err = limit.set(limit.resource, min(soft, limit.most))
		}
		if err != nil {
			return nil, fmt.Errorf("limiting the %s of this process: %w", limit.what, err)
		}
	}
	p := startWatchdog(l.MemoryBytes, breach)
	if limitData(l.MemoryBytes) {
		p.Memory = ByRlimit
	}
	return p, nil
}

// ForChild calls start, which starts a program, and returns its error. The program inherits the
// limits of programs: limits of a process that was started already would come too late for what it
// does first. Meanwhile this process has them as well. What it allocates then counts as soon as
// they are its own again; only Lua runs in it, which has no way to write a file.
func (p *Process) ForChild(start func() error) error {
	p.starting.Lock()
	defer p.starting.Unlock()
	for _, limit := range []struct {
		resource int
		most     uint64
	}{
		{unix.RLIMIT_DATA, programMemoryBytes},
		{unix.RLIMIT_AS, unlimited},
		{unix.RLIMIT_FSIZE, unlimited},
		{unix.RLIMIT_NOFILE, programFiles},
	} {
		soft, hard, err := get(limit.resource)
		if err != nil {
			return fmt.Errorf("reading a limit of this process: %w", err)
		}
		if err := setSoft(limit.resource, min(hard, limit.most)); err != nil {
			return fmt.Errorf("raising a limit for a program: %w", err)
		}
		defer setSoft(limit.resource, soft) // it was the limit before, so it is allowed
	}
	return start()
}

// get returns the limits of a resource.
func get(resource int) (soft, hard uint64, err error) {
	var limit syscall.Rlimit
	err = syscall.Getrlimit(resource, &limit)
	return uint64(limit.Cur), uint64(limit.Max), err
}

// setSoft sets the limit that counts, which can be raised again up to the hard one.
func setSoft(resource int, n uint64) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(resource, &limit); err != nil {
		return err
	}
	limit.Cur = rlim(n)
	// Not that of package unix: syscall's own tells Go not to give children another number of open files.
	return syscall.Setrlimit(resource, &limit)
}

// setHard sets both limits for good.
func setHard(resource int, n uint64) error {
	return syscall.Setrlimit(resource, &syscall.Rlimit{Cur: rlim(n), Max: rlim(n)})
}
