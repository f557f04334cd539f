package accounts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"virgo/collect/hostinfo/source"
)

// maxLogins is how many entries each list of an answer has.
const maxLogins = 1000

type lastLogins struct {
	Bootups        []bootup      `json:"bootups" doc:"starts of the system, newest first"`
	LoggedIn       []openLogin   `json:"logged_in" doc:"logins that have not ended, newest first"`
	PreviousLogins []closedLogin `json:"previous_logins" doc:"logins that have ended, newest first"`
	Since          string        `json:"data_collection_start" doc:"time of the oldest record, RFC 3339, UTC; empty if there is none"`
}

type bootup struct {
	Type   string `json:"type" doc:"reboot"`
	Kernel string `json:"kernel" doc:"the kernel's version"`
	When   string `json:"when" doc:"when it started, RFC 3339, UTC"`
}

type openLogin struct {
	User      string `json:"user" doc:"who logged in"`
	Device    string `json:"device" doc:"the terminal"`
	Host      string `json:"host" doc:"where from; empty for the console"`
	LoginTime string `json:"login_time" doc:"when, RFC 3339, UTC"`
}

type closedLogin struct {
	openLogin
	LogoutTime string `json:"logout_time" doc:"when it ended, RFC 3339, UTC"`
	Duration   string `json:"duration" doc:"how long it lasted as last(1) writes it: HH:MM, with days before it 2+HH:MM"`
	How        string `json:"how" doc:"how it ended: logout, or reboot if the system went down first"`
}

func lastLoginsType() source.Type {
	return source.Type{
		Name:    "last_logins",
		Summary: "logins and boots, from /var/log/wtmp",
		Systems: []string{"linux"},
		Shape:   lastLogins{},
		Read: func(_ context.Context, h *source.Host) (any, error) {
			b, err := h.ReadEnd("/var/log/wtmp", utmpStride)
			if err != nil {
				return nil, err
			}
			records := parseUtmp(b)
			if len(records) == 0 && len(b) > 0 {
				return nil, errors.New("/var/log/wtmp holds no records of utmp(5)")
			}
			return pairLogins(records), nil
		},
	}
}

// pairLogins pairs logins with what ended them: the next record of their terminal, or the next
// start of the system.
func pairLogins(records []utmpRecord) lastLogins {
	l := lastLogins{Bootups: []bootup{}, LoggedIn: []openLogin{}, PreviousLogins: []closedLogin{}}
	if len(records) > 0 {
		l.Since = records[0].time.Format(time.RFC3339)
	}
	open := make(map[string]utmpRecord) // by terminal
	end := func(login utmpRecord, when time.Time, how string) {
		l.PreviousLogins = append(l.PreviousLogins, closedLogin{
			loginOf(login), when.Format(time.RFC3339), formatDuration(when.Sub(login.time)), how,
		})
		delete(open, login.line)
	}
	for _, r := range records {
		before, isOpen := open[r.line]
		switch {
		case r.kind == utmpBoot || r.kind == utmpRunLevel && r.user == "shutdown":
			for _, o := range open {
				end(o, r.time, "reboot")
			}
			if r.kind == utmpBoot {
				l.Bootups = append(l.Bootups, bootup{"reboot", r.host, r.time.Format(time.RFC3339)})
			}
		case r.kind == utmpUser:
			if isOpen {
				end(before, r.time, "logout")
			}
			open[r.line] = r
		case r.kind == utmpDead && isOpen:
			end(before, r.time, "logout")
		}
	}
	for _, r := range open {
		l.LoggedIn = append(l.LoggedIn, loginOf(r))
	}
	slices.Reverse(l.Bootups)
	slices.SortStableFunc(l.LoggedIn, newestFirst)
	slices.SortStableFunc(l.PreviousLogins, func(a, b closedLogin) int {
		return newestFirst(a.openLogin, b.openLogin)
	})
	l.Bootups = l.Bootups[:min(len(l.Bootups), maxLogins)]
	l.LoggedIn = l.LoggedIn[:min(len(l.LoggedIn), maxLogins)]
	l.PreviousLogins = l.PreviousLogins[:min(len(l.PreviousLogins), maxLogins)]
	return l
}

func loginOf(r utmpRecord) openLogin {
	return openLogin{r.user, r.line, r.host, r.time.Format(time.RFC3339)}
}

// newestFirst orders by time, and logins of the same second by terminal.
func newestFirst(a, b openLogin) int {
	return cmp.Or(strings.Compare(b.LoginTime, a.LoginTime), strings.Compare(a.Device, b.Device))
}

func formatDuration(d time.Duration) string {
	minutes := int64(max(d, 0) / time.Minute)
	days, text := minutes/(24*60), fmt.Sprintf("%02d:%02d", minutes/60%24, minutes%60)
	if days > 0 {
		return fmt.Sprintf("%d+%s", days, text)
	}
	return text
}
