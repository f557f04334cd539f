//go:build unix

package program

import (
	"os/exec"
	"strings"
	"syscall"

	"virgo/schedule/ownership"
)

const rootFolder = "/"

// Folders are those of the system's programs, in the order of the search.
func Folders() []string {
	return []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}
}

// localFolders are where the system leaves room for programs of others: a package manager of one user on a
// Mac (Homebrew), the members of a group on older Debian systems. The system's own folders are not asked
// about; whoever can write to these has the host anyway.
const localFolders = "/usr/local/"

// checkOwner returns an *ownership.Fault for a program that another user may have put in the place of one
// of the system, or in front of it.
func checkOwner(path string) error {
	if !strings.HasPrefix(path, localFolders) {
		return nil
	}
	return ownership.Check(path)
}

func environment() []string {
	return []string{"PATH=" + strings.Join(Folders(), ":"), "LC_ALL=C", "LANGUAGE=C", "HOME=/", "TERM=dumb"}
}

func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
