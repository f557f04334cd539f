package source

import (
	"strconv"
	"strings"
)

// Owners has the names of the host's own users and groups by number.
type Owners struct{ users, groups map[uint32]string }

// Owners reads /etc/passwd and /etc/group. Where they cannot be read, numbers stand for names.
func (h *Host) Owners() Owners {
	passwd, _ := h.Read("/etc/passwd")
	group, _ := h.Read("/etc/group")
	return Owners{parseOwners(passwd), parseOwners(group)}
}

// User returns the name of a user, or the number if it has no name.
func (o Owners) User(uid uint32) string { return nameOf(o.users, uid) }

// Group returns the name of a group, or the number if it has no name.
func (o Owners) Group(gid uint32) string { return nameOf(o.groups, gid) }

func nameOf(names map[uint32]string, id uint32) string {
	if name, ok := names[id]; ok {
		return name
	}
	return strconv.FormatUint(uint64(id), 10)
}

// parseOwners parses passwd(5) or group(5), which both begin name:password:number. Of two names
// with one number the first counts; lines of NIS (+name) are left out.
func parseOwners(b []byte) map[uint32]string {
	names := make(map[uint32]string)
	for line := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimRight(line, "\r\n"), ":")
		if len(f) < 3 || f[0] == "" || strings.ContainsAny(f[0][:1], "#+-") {
			continue
		}
		id, err := strconv.ParseUint(f[2], 10, 32)
		if err != nil {
			continue
		}
		if _, taken := names[uint32(id)]; !taken {
			names[uint32(id)] = f[0]
		}
	}
	return names
}
