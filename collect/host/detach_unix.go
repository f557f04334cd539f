//go:build !windows

package host

import (
	"os/exec"
	"syscall"
)

// detach puts the child in a process group of its own, so that neither a terminal's signals nor the end
// of this process's group concern it.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
