package agent

import (
	"os"
	"os/exec"
	"unsafe"

	"golang.org/x/sys/windows"
)

// startPath returns the path by which the program is started.
func startPath(program *os.File) string { return program.Name() }

// terminate ends the process: Windows has no SIGTERM.
func terminate(p *os.Process) { _ = p.Kill() }

// shellCode returns ExitUnexpected: no process is ended by a signal.
func shellCode(*os.ProcessState) int { return ExitUnexpected }

// dieTogether puts this process, and so the child that it starts, into a job that ends with its last
// handle, which only this process has. release lifts that limit: what plugins left running stays.
// Where the system refuses, the child ends by its own deadline.
func dieTogether(*exec.Cmd) (release func()) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return func() {}
	}
	limit := func(flags uint32) error {
		info := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{}
		info.BasicLimitInformation.LimitFlags = flags
		_, err := windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
			uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
		return err
	}
	if limit(windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE) == nil {
		_ = windows.AssignProcessToJobObject(job, windows.CurrentProcess())
	}
	return func() {
		_ = limit(0) // with this handle still open
		windows.CloseHandle(job)
	}
}
