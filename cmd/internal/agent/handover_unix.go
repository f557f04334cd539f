//go:build unix

package agent

import (
	"os"
	"syscall"
)

// terminate asks the process to end.
func terminate(p *os.Process) { _ = p.Signal(syscall.SIGTERM) }

// shellCodes is what a shell adds to the number of the signal that ended a program.
const shellCodes = 128

// shellCode returns the exit code that a shell reports for a process that a signal ended.
func shellCode(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return shellCodes + int(status.Signal())
	}
	return ExitUnexpected
}
