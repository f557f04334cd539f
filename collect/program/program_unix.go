//go:build unix

package program

import (
	"os/exec"
	"strings"
	"syscall"
)

const rootFolder = "/"

// Folders are those of the system's programs, in the order of the search.
func Folders() []string {
	return []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}
}

func environment() []string {
	return []string{"PATH=" + strings.Join(Folders(), ":"), "LC_ALL=C", "LANGUAGE=C", "HOME=/", "TERM=dumb"}
}

func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
