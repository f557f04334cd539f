package limits

import (
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"virgo/collect/script/breach"
)

// Apply limits this process by two job objects. The outer one has its programs too: each of them is
// limited, and all end with this process, as the handle that it leaves open is the only one. The
// inner one limits the process alone; what it starts leaves that one silently. breach is called
// when the watchdog finds that it has too much memory, and must end it. Error: the system refuses
// the outer job; then no script may run.
func Apply(l breach.Limits, breach func()) (*Process, error) {
	limitRuntime(l.MemoryBytes)
	err := join(windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE|windows.JOB_OBJECT_LIMIT_PROCESS_MEMORY|
		windows.JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION, programMemoryBytes, 0)
	if err != nil {
		return nil, fmt.Errorf("limiting this process by a job: %w", err)
	}
	p := startWatchdog(l.MemoryBytes, breach)
	now := goMemory() // private memory that Go does not count is a few MiB more
	err = join(windows.JOB_OBJECT_LIMIT_PROCESS_MEMORY|windows.JOB_OBJECT_LIMIT_PROCESS_TIME|
		windows.JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK, uintptr(now)+uintptr(max(0, l.MemoryBytes)), l.CPU)
	if err == nil && heeded(uintptr(l.MemoryBytes)+probeBytes) {
		p.Memory = ByJob
	}
	return p, nil
}

// join puts this process into a new job. Its handle stays open as long as the process.
func join(flags uint32, memory uintptr, processorTime time.Duration) error {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return err
	}
	info := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{ProcessMemoryLimit: memory}
	info.BasicLimitInformation.LimitFlags = flags
	info.BasicLimitInformation.PerProcessUserTimeLimit = processorTime.Nanoseconds() / 100
	if _, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info))); err == nil {
		err = windows.AssignProcessToJobObject(job, windows.CurrentProcess())
	}
	if err != nil {
		windows.CloseHandle(job)
	}
	return err
}

// probeBytes is more than what Go may have returned to the system meanwhile.
const probeBytes = 64 << 20

// heeded reports whether the system refuses this process n more bytes.
func heeded(n uintptr) bool {
	p, err := windows.VirtualAlloc(0, n, windows.MEM_RESERVE|windows.MEM_COMMIT, windows.PAGE_READWRITE)
	if err == nil { // nothing of it was touched
		_ = windows.VirtualFree(p, 0, windows.MEM_RELEASE)
	}
	return err != nil
}

// ForChild calls start, which starts a program, and returns its error. The program has the
// limits of the outer job.
func (p *Process) ForChild(start func() error) error { return start() }
