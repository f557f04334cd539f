package agent

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// startPath returns the path by which the program is started: its own, or the descriptor that was
// checked where another file has replaced it meanwhile (an upgrade). The descriptor is not used always,
// because ps and top show a process that was started by it as a number. Who could replace the file
// after this could replace virgo-run itself.
func startPath(program *os.File) string {
	checked, err := program.Stat()
	if err != nil {
		return program.Name()
	}
	if there, err := os.Stat(program.Name()); err == nil && os.SameFile(there, checked) {
		return program.Name()
	}
	return fmt.Sprintf("/proc/self/fd/%d", program.Fd())
}

// dieTogether has the child end if this process dies. The caller's thread must live as long.
func dieTogether(cmd *exec.Cmd) (release func()) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	return func() {}
}
