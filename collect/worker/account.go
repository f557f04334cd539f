package worker

import (
	"fmt"
	"strings"
)

// An Account is the user that a worker's checks run as.
type Account struct {
	// Name is the user's name, Home the home folder.
	Name, Home string
	// UID and GID are the numbers of the user and the user's group, Groups those of all the user's
	// groups.
	UID, GID uint32
	Groups   []uint32
}

// environ returns an environment with the names of the account in place of the agent's.
func (a *Account) environ(agent []string) []string {
	if a == nil {
		return agent
	}
	out := make([]string, 0, len(agent)+3)
	for _, entry := range agent {
		name, _, _ := strings.Cut(entry, "=")
		switch name {
		case "HOME", "USER", "LOGNAME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_DATA_HOME", "MAIL":
		default:
			out = append(out, entry)
		}
	}
	return append(out, "HOME="+a.Home, "USER="+a.Name, "LOGNAME="+a.Name)
}

// explain adds the account to the error of a check that was not permitted something.
func (a *Account) explain(text string) string {
	if a == nil || !strings.Contains(text, "permission denied") {
		return text
	}
	return fmt.Sprintf("%s (such checks run as user %s; see worker_user in virgo help settings)", text, a.Name)
}
