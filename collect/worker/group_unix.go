//go:build unix

package worker

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup keeps a terminal's signals from the process: the agent ends it by closing its input. In a session of its
// own, the programs that it starts are found when it was killed (killSession).
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// kill ends the process and what it started.
func kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// pass lets the worker have an open file as descriptor 3.
func (c *command) pass(f *os.File, s *ScriptSettings) {
	c.files = []*os.File{f}
	s.Descriptor = true
}
