//go:build unix

package worker

import (
	"os/exec"
	"syscall"
)

// ownGroup keeps a terminal's signals from the process: the agent ends it by closing its input.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// kill ends the process and what it started.
func kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
