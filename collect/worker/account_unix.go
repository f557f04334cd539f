//go:build unix

package worker

import (
	"os/exec"
	"syscall"
)

// runAs lets a command run as the account; nil leaves it the agent's user. The caller has set
// cmd.SysProcAttr.
func runAs(cmd *exec.Cmd, a *Account) {
	if a == nil {
		return
	}
	cmd.Dir = "/" // the agent's folder may be one that the account must not enter
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: a.UID, Gid: a.GID, Groups: a.Groups}
	keepPing(cmd.SysProcAttr, a)
}
