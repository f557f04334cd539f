package hostinfo

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// An account is a line of /etc/passwd and what /etc/shadow says of its password, never the password's hash.
type account struct {
	Name     string `json:"name" doc:"the user"`
	UID      uint32 `json:"uid" doc:"the user's number"`
	GID      uint32 `json:"gid" doc:"number of the user's first group"`
	Comment  string `json:"comment" doc:"the user's full name and the like"`
	Home     string `json:"home" doc:"the home folder"`
	Shell    string `json:"shell" doc:"the login shell"`
	Status   string `json:"status" doc:"the password as passwd -S has it: P it has one, L it is locked, NP it has none and needs none; empty where that is not to be seen"`
	Changed  string `json:"last_changed" doc:"when the password was changed, YYYY-MM-DD; empty where nobody knows"`
	MinDays  *int   `json:"minimum_age" doc:"days that must pass between changes; null where there is no rule"`
	MaxDays  *int   `json:"maximum_age" doc:"days after which the password must be changed; null where there is no rule"`
	WarnDays *int   `json:"warning_period" doc:"days before that on which the user is warned; null where there is no rule"`
	Inactive *int   `json:"inactivity_period" doc:"days after that for which the password still serves; null where there is no rule"`
	Expires  string `json:"expires" doc:"when the account ends, YYYY-MM-DD; empty where it does not"`
}

func passwdType() Type {
	return Type{
		Name:    "passwd",
		Summary: "accounts, and whether their passwords are locked, missing or old",
		Systems: []string{"linux"},
		Shape:   []account{},
		Read: func(_ context.Context, h *Host) (any, error) {
			b, err := h.read("/etc/passwd")
			if err != nil {
				return nil, err
			}
			all := parsePasswd(b)
			shadow, err := h.read("/etc/shadow")
			if err != nil && !absent(err) {
				return all, fmt.Errorf("passwords are not told: %w", err)
			}
			addShadow(all, shadow)
			return all, nil
		},
	}
}

// parsePasswd parses passwd(5): name:password:uid:gid:comment:home:shell. Lines that are none, among them those of
// NIS (+name), are left out.
func parsePasswd(b []byte) []account {
	all := []account{}
	for line := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimRight(line, "\r\n"), ":")
		if len(f) < 7 || f[0] == "" || strings.ContainsAny(f[0][:1], "#+-") {
			continue
		}
		uid, err := strconv.ParseUint(f[2], 10, 32)
		gid, err2 := strconv.ParseUint(f[3], 10, 32)
		if err != nil || err2 != nil {
			continue
		}
		a := account{Name: f[0], UID: uint32(uid), GID: uint32(gid), Comment: Redact(f[4]), Home: f[5], Shell: f[6]}
		if f[1] != "x" {
			a.Status = passwordStatus(f[1])
		}
		all = append(all, a)
	}
	return all
}

// addShadow adds shadow(5): name:hash:changed:minimum:maximum:warning:inactive:expires, in days, the dates since
// the epoch.
func addShadow(all []account, b []byte) {
	at := make(map[string]int, len(all))
	for i, a := range all {
		at[a.Name] = i
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimRight(line, "\r\n"), ":")
		i, known := at[f[0]]
		if !known || len(f) < 8 {
			continue
		}
		a := &all[i]
		a.Status = passwordStatus(f[1])
		a.Changed, a.Expires = shadowDate(f[2]), shadowDate(f[7])
		a.MinDays, a.MaxDays, a.WarnDays, a.Inactive = shadowDays(f[3]), shadowDays(f[4]), shadowDays(f[5]), shadowDays(f[6])
	}
}

func passwordStatus(hash string) string {
	switch {
	case hash == "":
		return "NP"
	case hash[0] == '!' || hash[0] == '*':
		return "L"
	}
	return "P"
}

func shadowDays(s string) *int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return nil
	}
	return &n
}

func shadowDate(s string) string {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || n <= 0 { // 0 is not 1970: the password must be changed at the next login
		return ""
	}
	return time.Unix(n*24*60*60, 0).UTC().Format(time.DateOnly)
}

// accountNames are the names of the host's own users and groups, by number.
func (h *Host) accountNames() (users, groups map[uint32]string) {
	users, groups = make(map[uint32]string), make(map[uint32]string)
	passwd, _ := h.read("/etc/passwd") // where it is not to be read, numbers are told
	for _, a := range parsePasswd(passwd) {
		if users[a.UID] == "" {
			users[a.UID] = a.Name
		}
	}
	group, _ := h.read("/etc/group")
	for line := range strings.Lines(string(group)) {
		f := strings.Split(line, ":")
		if len(f) < 3 {
			continue
		}
		if gid, err := strconv.ParseUint(f[2], 10, 32); err == nil && groups[uint32(gid)] == "" {
			groups[uint32(gid)] = f[0]
		}
	}
	return users, groups
}
