package worker

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup keeps a console's Ctrl-C from the process: the agent ends it by closing its input.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// kill ends the process.
func kill(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

// pass lets the worker open a file by its path: Go passes no other descriptors than the streams here.
func (c *command) pass(f *os.File, s *ScriptSettings) { s.Path = f.Name() }
