//go:build unix

package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"

	"virgo/cmd/internal/config"
	"virgo/collect/worker"
)

// lookupWorkerUser returns the user for checks of services and other hosts if the agent is root; nil:
// its own. Only the default user need not exist.
func lookupWorkerUser(cfg config.Config) (*worker.Account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	name := cfg.WorkerUser
	if name == "" {
		name = config.DefaultWorkerUser
	}
	u, err := user.Lookup(name)
	var unknown user.UnknownUserError
	switch {
	case cfg.WorkerUser == "" && (errors.As(err, &unknown) || errors.Is(err, fs.ErrNotExist)):
		return nil, nil
	case errors.As(err, &unknown):
		return nil, WithHint(fmt.Errorf("worker_user: there is no user %.64q", name), "create it, or correct virgo.yaml")
	case err != nil:
		return nil, fmt.Errorf("worker_user: looking up %.64q: %w", name, err)
	case u.Uid == "0":
		return nil, nil
	}
	account := &worker.Account{Name: u.Username, Home: u.HomeDir}
	if account.UID, err = parseID(u.Uid); err == nil {
		account.GID, err = parseID(u.Gid)
	}
	ids, groupErr := u.GroupIds()
	if groupErr != nil && !errors.Is(groupErr, fs.ErrNotExist) {
		return nil, fmt.Errorf("worker_user: the groups of %.64q: %w", name, groupErr)
	}
	for _, text := range ids {
		id, groupErr := parseID(text)
		if groupErr != nil {
			err = groupErr
			break
		}
		account.Groups = append(account.Groups, id)
	}
	if err != nil {
		return nil, fmt.Errorf("worker_user: the ids of %.64q: %w", name, err)
	}
	return account, nil
}

func parseID(text string) (uint32, error) {
	n, err := strconv.ParseUint(text, 10, 32)
	if err == nil && n == 1<<32-1 { // "unchanged" to setresuid(2)
		err = strconv.ErrRange
	}
	return uint32(n), err
}
