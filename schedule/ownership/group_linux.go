package ownership

import (
	"bufio"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

const (
	// lastFixedGroup is the greatest id of the groups that the system itself has; they are nobody's
	// primary group but of its own users (Debian Policy, 9.2.2).
	lastFixedGroup = 99
	// maxAccountBytes bounds what is read of /etc/group and /etc/passwd.
	maxAccountBytes = 4 << 20
)

// groupIsOwn reports whether write permission of the group of a file is nobody's but root's and that of
// the user of this process.
func groupIsOwn(path string, gid uint32) bool {
	// The permissions of an access list (acl(5)) for further users look like the group's in a mode.
	if n, err := syscall.Getxattr(path, "system.posix_acl_access", nil); err == nil && n > 0 {
		return false
	}
	if gid > lastFixedGroup && int(gid) != os.Getegid() {
		return false
	}
	passwd, err := os.Open("/etc/passwd")
	if err != nil {
		return false
	}
	defer passwd.Close()
	group, err := os.Open("/etc/group")
	if err != nil {
		return false
	}
	defer group.Close()
	return hasNoOthers(gid, os.Geteuid(), io.LimitReader(passwd, maxAccountBytes), io.LimitReader(group, maxAccountBytes))
}

// hasNoOthers reports whether only root and the user euid are in a group, as passwd and group in the forms of
// passwd(5) and group(5) have it. A group beyond the fixed ones has to have the user's name.
func hasNoOthers(gid uint32, euid int, passwd, group io.Reader) bool {
	own := ""
	lines := bufio.NewScanner(passwd)
	for lines.Scan() {
		f := strings.Split(lines.Text(), ":")
		if len(f) < 4 {
			continue
		}
		uid, _ := strconv.Atoi(f[2])
		if uid == euid {
			own = f[0]
		}
		if f[3] == strconv.FormatUint(uint64(gid), 10) && uid != euid && uid != 0 {
			return false
		}
	}
	if lines.Err() != nil {
		return false
	}
	known := false
	lines = bufio.NewScanner(group)
	for lines.Scan() {
		f := strings.Split(lines.Text(), ":")
		if len(f) < 4 || f[2] != strconv.FormatUint(uint64(gid), 10) {
			continue
		}
		if gid > lastFixedGroup && f[0] != own {
			return false
		}
		for member := range strings.SplitSeq(f[3], ",") {
			if member != "" && member != "root" && member != own {
				return false
			}
		}
		known = true
	}
	return known && lines.Err() == nil
}
