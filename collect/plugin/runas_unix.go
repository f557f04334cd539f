//go:build unix

package plugin

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"slices"
	"strconv"
	"syscall"
)

// lookupIdentity looks up a user and an optional group, each a name or a number, with os/user,
// which without cgo reads /etc/passwd and /etc/group. A number that no user has is accepted
// together with a group only.
func lookupIdentity(name, group string) (*identity, error) {
	if os.Geteuid() != 0 {
		return nil, failuref(`detail "run_as": the agent is not root, so plugins run as its own user only`)
	}
	u, err := lookupUser(name)
	if err != nil {
		return nil, err
	}
	if u == nil {
		if !isID(name) || group == "" {
			return nil, failuref(`detail "run_as": there is no user %.64q`, name)
		}
		u = &user.User{Uid: name, Gid: group, Username: name, HomeDir: "/"}
	}
	gid := u.Gid
	if group != "" {
		if gid, err = lookupGroupID(group); err != nil {
			return nil, err
		}
	}
	var groups []string
	if isID(u.Gid) {
		if groups, err = u.GroupIds(); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, failuref(`detail "run_as": the groups of %.64q cannot be read: %v`, name, err)
		}
	}
	if group != "" {
		groups = slices.DeleteFunc(groups, func(id string) bool { return id == u.Gid })
	}
	who := &identity{name: u.Username, home: u.HomeDir}
	ids, err := parseIDs(append([]string{u.Uid, gid}, groups...))
	if err != nil {
		return nil, failuref(`detail "run_as": user %.64q: %v`, name, err)
	}
	who.uid, who.gid = ids[0], ids[1]
	slices.Sort(ids[1:])
	who.groups = slices.Compact(ids[1:])
	// Where /etc/passwd is unreadable, os/user takes the agent's name from its environment.
	if who.uid == 0 && name != "root" && name != "0" {
		return nil, failuref(`detail "run_as": user %.64q has the id 0; to run as root, name root`, name)
	}
	return who, nil
}

// lookupUser finds a user by name or id; nil where there is none.
func lookupUser(name string) (*user.User, error) {
	u, err := user.Lookup(name)
	if err != nil && isID(name) {
		u, err = user.LookupId(name)
	}
	var (
		unknownName user.UnknownUserError
		unknownID   user.UnknownUserIdError
	)
	switch {
	case errors.As(err, &unknownName), errors.As(err, &unknownID), errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, failuref(`detail "run_as": user %.64q cannot be looked up: %v`, name, err)
	}
	return u, nil
}

// lookupGroupID returns a group's id. A number need not be known.
func lookupGroupID(group string) (string, error) {
	g, err := user.LookupGroup(group)
	switch {
	case err == nil:
		return g.Gid, nil
	case isID(group):
		return group, nil
	}
	return "", failuref(`detail "run_as": there is no group %.64q`, group)
}

// maxID is the greatest user or group id. For setresuid(2) the next one, -1, means "unchanged".
const maxID = 1<<32 - 2

// isID reports whether s is a valid numeric user or group id.
func isID(s string) bool {
	_, err := parseIDs([]string{s})
	return err == nil
}

func parseIDs(texts []string) ([]uint32, error) {
	ids := make([]uint32, len(texts))
	for i, s := range texts {
		n, err := strconv.ParseUint(s, 10, 32)
		if err == nil && n > maxID {
			err = strconv.ErrRange
		}
		if err != nil {
			return nil, err
		}
		ids[i] = uint32(n)
	}
	return ids, nil
}

// credential returns the plugin's credentials; nil leaves the agent's.
func (who *identity) credential() *syscall.Credential {
	if who == nil {
		return nil
	}
	return &syscall.Credential{Uid: who.uid, Gid: who.gid, Groups: who.groups}
}
