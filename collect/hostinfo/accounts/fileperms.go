package accounts

import (
	"context"
	"fmt"
	"io/fs"
	"os"

	"virgo/collect/hostinfo/source"
)

type filePermissions struct {
	FileName  string `json:"fileName" doc:"the file or folder"`
	OctalPerm uint32 `json:"octalFilePerms" doc:"its permissions as a decimal number: 416 is 0640"`
	Mode      string `json:"mode" doc:"the same in octal, with the three bits below: 0640"`
	StickyBit bool   `json:"stickyBit" doc:"whether only its owner may remove a file in it"`
	SetGID    bool   `json:"setgid" doc:"whether it runs as its group"`
	SetUID    bool   `json:"setuid" doc:"whether it runs as its owner"`
	Owner     string `json:"owner" doc:"its owner; the number if it has no name"`
	Group     string `json:"group" doc:"its group; the number if it has no name"`
}

// guardedFiles are those whose permissions matter: the original agent's, and later ones. A name may
// be a pattern. None of them is opened.
func guardedFiles() []string {
	return []string{
		"/etc/grub.conf", "/boot/grub/grub.cfg", "/boot/grub2/grub.cfg", "/boot/grub2/user.cfg",
		"/etc/passwd", "/etc/passwd-", "/etc/shadow", "/etc/shadow-",
		"/etc/group", "/etc/group-", "/etc/gshadow", "/etc/gshadow-",
		"/etc/hosts.allow", "/etc/hosts.deny", "/etc/login.defs", "/etc/sudoers", "/etc/sudoers.d",
		"/etc/anacrontab", "/etc/crontab", "/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly",
		"/etc/cron.monthly", "/etc/cron.d", "/etc/cron.allow", "/etc/cron.deny", "/etc/at.allow", "/etc/at.deny",
		"/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/*.conf", "/etc/ssh/ssh_host_*_key",
		"/root", "/root/.ssh", "/root/.ssh/authorized_keys", "/tmp", "/var/tmp",
		"/var/run/php-fpm.sock",
	}
}

func filepermsType() source.Type {
	return source.Type{
		Name:    "fileperms",
		Summary: "owners and permissions of security-relevant files",
		Systems: []string{"linux"},
		Shape:   []filePermissions{},
		Read:    readFileperms,
	}
}

func readFileperms(_ context.Context, h *source.Host) (any, error) {
	owners := h.Owners()
	all := []filePermissions{}
	var problems source.Problems
	for _, pattern := range guardedFiles() {
		for _, name := range h.Glob(pattern) {
			info, err := os.Stat(h.Path(name))
			if err != nil {
				problems.Add(h.NameError(name, err))
				continue
			}
			p := permissionsOf(name, info.Mode())
			if uid, gid, ok := source.FileOwner(info); ok {
				p.Owner, p.Group = owners.User(uid), owners.Group(gid)
			}
			all = append(all, p)
		}
	}
	return all, problems.Err()
}

func permissionsOf(name string, mode fs.FileMode) filePermissions {
	p := filePermissions{
		FileName: name, OctalPerm: uint32(mode.Perm()),
		StickyBit: mode&fs.ModeSticky != 0, SetGID: mode&fs.ModeSetgid != 0, SetUID: mode&fs.ModeSetuid != 0,
	}
	bits := p.OctalPerm
	for _, b := range []struct {
		set bool
		bit uint32
	}{{p.StickyBit, 0o1000}, {p.SetGID, 0o2000}, {p.SetUID, 0o4000}} {
		if b.set {
			bits |= b.bit
		}
	}
	p.Mode = fmt.Sprintf("%04o", bits)
	return p
}
