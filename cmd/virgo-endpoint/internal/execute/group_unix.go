//go:build unix

package execute

import (
	"os/exec"
	"syscall"
)

// passedOn are the variables that programs get from this process.
var passedOn = []string{"PATH", "HOME", "LANG", "TZ"}

// ownGroup starts a program in a process group of its own, which is killed as a whole.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

// killGroup ends what a program left behind. A process of its group has to live: else the number may be another's.
func killGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
