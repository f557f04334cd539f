package apps

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"virgo/collect/hostinfo/source"
)

// maxQueriedJails are queried one by one for what they banned.
const maxQueriedJails = 50

// fail2ban is how fail2ban is set up, and which addresses it bans.
type fail2ban struct {
	Installed bool             `json:"installed" doc:"its program or its configuration exists; the rest is empty if neither does"`
	Running   bool             `json:"running" doc:"its server runs now"`
	Jails     []fail2banJail   `json:"jails" doc:"jails that are enabled, and those that run"`
	Banned    []fail2banBanned `json:"banned" doc:"addresses that are banned now"`
}

// A fail2banJail is one of jail.conf(5).
type fail2banJail struct {
	Name            string `json:"name" doc:"name of the jail: sshd"`
	Enabled         bool   `json:"enabled" doc:"the configuration enables it"`
	Running         bool   `json:"running" doc:"it runs now"`
	Port            string `json:"port" doc:"ports that it blocks"`
	LogPath         string `json:"logpath" doc:"files that it watches"`
	MaxRetry        string `json:"maxretry" doc:"failures before it bans"`
	FindTime        string `json:"findtime" doc:"time in which they count, as written"`
	BanTime         string `json:"bantime" doc:"how long it bans, as written"`
	CurrentlyFailed int    `json:"currently_failed" doc:"addresses with recent failures"`
	TotalFailed     int    `json:"total_failed" doc:"failures since it was started"`
	CurrentlyBanned int    `json:"currently_banned" doc:"addresses that are banned now"`
	TotalBanned     int    `json:"total_banned" doc:"bans since it was started"`
}

type fail2banBanned struct {
	Address string `json:"address" doc:"address that is banned"`
	Jail    string `json:"jail" doc:"jail that banned it"`
}

func fail2banType() source.Type {
	return source.Type{
		Name:    "fail2ban",
		Summary: "jails of fail2ban, and the addresses that they ban",
		Systems: []string{"linux", "freebsd"},
		Shape:   fail2ban{},
		Read:    readFail2ban,
	}
}

func readFail2ban(ctx context.Context, h *source.Host) (any, error) {
	a := fail2ban{Jails: []fail2banJail{}, Banned: []fail2banBanned{}}
	folder := "/etc/fail2ban"
	if !h.Exists(folder) {
		folder = "/usr/local/etc/fail2ban"
	}
	client := h.Program("fail2ban-client") != ""
	if a.Installed = client || h.Exists(folder); !a.Installed {
		return a, nil
	}
	var problems source.Problems
	a.Jails = append(a.Jails, enabledJails(readJailConfig(ctx, h, folder, &problems))...)
	a.Running = h.Exists("/run/fail2ban/fail2ban.sock") || h.Exists("/var/run/fail2ban/fail2ban.sock")
	if !a.Running || !client {
		return a, problems.Err()
	}
	out, err := h.Run(ctx, "fail2ban-client", "status")
	problems.Add(err)
	names := parseJailList(out)
	for _, name := range names[:min(len(names), maxQueriedJails)] {
		// A name comes from the server and could look like an option.
		if strings.HasPrefix(name, "-") {
			continue
		}
		out, err := h.Run(ctx, "fail2ban-client", "status", name)
		problems.Add(err)
		at := slices.IndexFunc(a.Jails, func(j fail2banJail) bool { return j.Name == name })
		if at < 0 {
			at = len(a.Jails)
			a.Jails = append(a.Jails, fail2banJail{Name: name})
		}
		a.Jails[at].Running = err == nil
		for _, address := range parseJailStatus(out, &a.Jails[at]) {
			a.Banned = append(a.Banned, fail2banBanned{address, name})
		}
	}
	problems.Add(ctx.Err())
	return a, problems.Err()
}

// parseJailList parses fail2ban-client status: "`- Jail list:	sshd, nginx-http-auth".
func parseJailList(b []byte) []string {
	_, list, _ := strings.Cut(string(b), "Jail list:")
	list, _, _ = strings.Cut(list, "\n")
	return strings.FieldsFunc(list, func(c rune) bool { return c == ',' || c == ' ' || c == '\t' || c == '\r' })
}

// parseJailStatus parses fail2ban-client status JAIL, a tree of names and values, and returns the
// banned addresses.
func parseJailStatus(b []byte, j *fail2banJail) (banned []string) {
	for line := range strings.Lines(string(b)) {
		name, value, _ := strings.Cut(strings.TrimLeft(line, "|`- \t"), ":")
		value = strings.TrimSpace(value)
		number, _ := strconv.Atoi(value)
		switch name {
		case "Currently failed":
			j.CurrentlyFailed = number
		case "Total failed":
			j.TotalFailed = number
		case "Currently banned":
			j.CurrentlyBanned = number
		case "Total banned":
			j.TotalBanned = number
		case "Banned IP list":
			banned = strings.Fields(value)
		}
	}
	return banned
}
