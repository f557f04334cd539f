//go:build !windows

package host

import (
	"os/exec"
	"syscall"
)

// detach puts the child in a process group of its own, so that it gets neither a terminal's signals
// nor those for this process's group.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
