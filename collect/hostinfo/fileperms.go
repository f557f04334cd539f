package hostinfo

import (
	"context"
	"fmt"
	"io/fs"
	"os"
)

type filePermissions struct {
	FileName  string `json:"fileName" doc:"the file or folder"`
	OctalPerm uint32 `json:"octalFilePerms" doc:"its permissions as a number: 416 is 0640"`
	Mode      string `json:"mode" doc:"the same as one writes it, with the three bits below: 0640"`
	StickyBit bool   `json:"stickyBit" doc:"whether only its owner may remove a file in it"`
	SetGID    bool   `json:"setgid" doc:"whether it runs as its group"`
	SetUID    bool   `json:"setuid" doc:"whether it runs as its owner"`
	Owner     string `json:"owner" doc:"its owner; the number where there is no name"`
	Group     string `json:"group" doc:"its group; the number where there is no name"`
}

// guardedFiles are those whose permissions matter: the existing agent's, and what has come since. A name may be
// a pattern. None of them is read.
func guardedFiles() []string {
	return []string{
		"/etc/grub.conf", "/boot/grub/grub.cfg", "/boot/grub2/grub.cfg", "/boot/grub2/user.cfg",
		"/etc/passwd", "/etc/passwd-", "/etc/shadow", "/etc/shadow-", "/etc/group", "/etc/group-", "/etc/gshadow", "/etc/gshadow-",
		"/etc/hosts.allow", "/etc/hosts.deny", "/etc/login.defs", "/etc/sudoers", "/etc/sudoers.d",
		"/etc/anacrontab", "/etc/crontab", "/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly", "/etc/cron.d",
		"/etc/cron.allow", "/etc/cron.deny", "/etc/at.allow", "/etc/at.deny",
		"/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/*.conf", "/etc/ssh/ssh_host_*_key",
		"/root", "/root/.ssh", "/root/.ssh/authorized_keys", "/tmp", "/var/tmp",
		"/var/run/php-fpm.sock",
	}
}

func filepermsType() Type {
	return Type{
		Name:    "fileperms",
		Summary: "owners and permissions of files that others must not write or read",
		Systems: []string{"linux"},
		Shape:   []filePermissions{},
		Read:    readFileperms,
	}
}

func readFileperms(ctx context.Context, h *Host) (any, error) {
	users, groups := h.accountNames()
	all := []filePermissions{}
	var wrong faults
	for _, pattern := range guardedFiles() {
		for _, name := range h.glob(pattern) {
			info, err := os.Stat(h.path(name))
			if err != nil {
				wrong.add(h.plain(name, err))
				continue
			}
			p := permissionsOf(name, info.Mode())
			if uid, gid, ok := fileOwner(info); ok {
				p.Owner, p.Group = accountName(users, uid), accountName(groups, gid)
			}
			all = append(all, p)
		}
	}
	return all, wrong.err()
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
