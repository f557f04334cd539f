package accounts

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"virgo/collect/hostinfo/redact"
	"virgo/collect/hostinfo/source"
)

// An account is a line of /etc/passwd and what /etc/shadow says about its password, never the
// password's hash.
type account struct {
	Name     string `json:"name" doc:"the user"`
	UID      uint32 `json:"uid" doc:"the user's number"`
	GID      uint32 `json:"gid" doc:"number of the user's first group"`
	Comment  string `json:"comment" doc:"the user's full name and similar"`
	Home     string `json:"home" doc:"the home folder"`
	Shell    string `json:"shell" doc:"the login shell"`
	Status   string `json:"status" doc:"the password as passwd -S has it: P there is one, L it is locked, NP there is none and none is needed; empty if that cannot be read"`
	Changed  string `json:"last_changed" doc:"when the password was changed, YYYY-MM-DD; empty if that is unknown"`
	MinDays  *int   `json:"minimum_age" doc:"days that must pass between changes; null without a rule"`
	MaxDays  *int   `json:"maximum_age" doc:"days after which the password must be changed; null without a rule"`
	WarnDays *int   `json:"warning_period" doc:"days before that on which the user is warned; null without a rule"`
	Inactive *int   `json:"inactivity_period" doc:"days after that for which the password is still accepted; null without a rule"`
	Expires  string `json:"expires" doc:"when the account ends, YYYY-MM-DD; empty if it does not"`
}

func passwdType() source.Type {
	return source.Type{
		Name:    "passwd",
		Summary: "accounts, and whether their passwords are locked, missing or old",
		Systems: []string{"linux"},
		Shape:   []account{},
		Read: func(_ context.Context, h *source.Host) (any, error) {
			b, err := h.Read("/etc/passwd")
			if err != nil {
				return nil, err
			}
			all := parsePasswd(b)
			shadow, err := h.Read("/etc/shadow")
			if err != nil && !source.IsAbsent(err) {
				return all, fmt.Errorf("the state of passwords is missing: %w", err)
			}
			addShadow(all, shadow)
			return all, nil
		},
	}
}

// parsePasswd parses passwd(5): name:password:uid:gid:comment:home:shell. Other lines, such as
// those of NIS (+name), are left out.
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
		a := account{
			Name: f[0], UID: uint32(uid), GID: uint32(gid), Comment: redact.Text(f[4]), Home: f[5], Shell: f[6],
		}
		if f[1] != "x" {
			a.Status = passwordStatus(f[1])
		}
		all = append(all, a)
	}
	return all
}

// addShadow adds shadow(5): name:hash:changed:minimum:maximum:warning:inactive:expires, in days;
// dates are days since the epoch.
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
		a.MinDays, a.MaxDays = shadowDays(f[3]), shadowDays(f[4])
		a.WarnDays, a.Inactive = shadowDays(f[5]), shadowDays(f[6])
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
