package accounts

import (
	"context"
	"path"
	"strconv"
	"strings"

	"virgo/collect/hostinfo/source"
)

// readSessions reads /run/utmp; a system that no longer has it has logind's sessions, one file
// each.
func readSessions(_ context.Context, h *source.Host) ([]session, error) {
	b, err := h.Read("/run/utmp")
	if source.IsAbsent(err) {
		b, err = h.Read("/var/run/utmp")
	}
	if source.IsAbsent(err) {
		return readLogindSessions(h)
	}
	if err != nil {
		return nil, err
	}
	var all []session
	for _, r := range parseUtmp(b) {
		if r.kind == utmpUser {
			all = append(all, session{r.user, r.line, r.host, r.time.Unix()})
		}
	}
	return all, nil
}

func readLogindSessions(h *source.Host) ([]session, error) {
	const folder = "/run/systemd/sessions"
	names, err := h.Names(folder)
	if err != nil {
		return nil, err
	}
	var all []session
	for _, name := range names {
		if strings.HasSuffix(name, ".ref") { // a pipe that logind keeps open
			continue
		}
		b, err := h.Read(path.Join(folder, name))
		if source.IsAbsent(err) { // it has just ended
			continue
		}
		if err != nil {
			return all, err
		}
		if s, ok := parseLogind(b); ok {
			all = append(all, s)
		}
	}
	return all, nil
}

// parseLogind parses a file of /run/systemd/sessions: lines of NAME=value, times in µs. ok is false
// for a session that is not a user's: that of a greeter or of cron.
func parseLogind(b []byte) (s session, ok bool) {
	for line := range strings.Lines(string(b)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch name {
		case "USER":
			s.User = value
		case "TTY":
			s.Device = value
		case "REMOTE_HOST":
			s.Host = value
		case "CLASS":
			ok = value == "user"
		case "REALTIME":
			us, _ := strconv.ParseInt(value, 10, 64) // logind writes a number
			s.Time = us / 1_000_000
		case "STATE":
			if value == "closing" {
				return session{}, false
			}
		}
	}
	if s.User == "" { // older files have the number alone, and USER is the name in newer ones
		return session{}, false
	}
	return s, ok
}
