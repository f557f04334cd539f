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

// identify looks up a user and, where one is named, a group, each by name or number, as os/user finds
// them: in /etc/passwd and /etc/group. A number that no user has is taken with a group only.
func identify(name, group string) (*identity, error) {
	if os.Geteuid() != 0 {
		return nil, failed(`detail "run_as": the agent is not root and runs plugins as its own user only`)
	}
	u, err := account(name)
	if err != nil {
		return nil, err
	}
	if u == nil {
		if !isNumber(name) || group == "" {
			return nil, failed(`detail "run_as": there is no user %.64q`, name)
		}
		u = &user.User{Uid: name, Gid: group, Username: name, HomeDir: "/"}
	}
	gid := u.Gid
	if group != "" {
		if gid, err = groupNumber(group); err != nil {
			return nil, err
		}
	}
	var groups []string
	if isNumber(u.Gid) {
		if groups, err = u.GroupIds(); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, failed(`detail "run_as": the groups of %.64q cannot be read: %v`, name, err)
		}
	}
	if group != "" {
		groups = slices.DeleteFunc(groups, func(id string) bool { return id == u.Gid })
	}
	who := &identity{name: u.Username, home: u.HomeDir}
	numbers, err := numbersOf(append([]string{u.Uid, gid}, groups...))
	if err != nil {
		return nil, failed(`detail "run_as": user %.64q: %v`, name, err)
	}
	who.uid, who.gid = numbers[0], numbers[1]
	slices.Sort(numbers[1:])
	who.groups = slices.Compact(numbers[1:])
	// Where /etc/passwd cannot be read, os/user takes the agent's own name from its environment.
	if who.uid == 0 && name != "root" && name != "0" {
		return nil, failed(`detail "run_as": user %.64q has the number 0; to run as root, say root`, name)
	}
	return who, nil
}

// account finds a user by name or number; nil where there is none.
func account(name string) (*user.User, error) {
	u, err := user.Lookup(name)
	if err != nil && isNumber(name) {
		u, err = user.LookupId(name)
	}
	var (
		noName   user.UnknownUserError
		noNumber user.UnknownUserIdError
	)
	switch {
	case errors.As(err, &noName), errors.As(err, &noNumber), errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, failed(`detail "run_as": user %.64q cannot be looked up: %v`, name, err)
	}
	return u, nil
}

// groupNumber is a group's number; a number stands for itself.
func groupNumber(group string) (string, error) {
	g, err := user.LookupGroup(group)
	switch {
	case err == nil:
		return g.Gid, nil
	case isNumber(group):
		return group, nil
	}
	return "", failed(`detail "run_as": there is no group %.64q`, group)
}

// maxNumber is the greatest number of a user or group. The one above it, -1, is what setuid(2) and its
// kin take for "leave as it is".
const maxNumber = 1<<32 - 2

func isNumber(s string) bool {
	_, err := numbersOf([]string{s})
	return err == nil
}

func numbersOf(texts []string) ([]uint32, error) {
	numbers := make([]uint32, len(texts))
	for i, s := range texts {
		n, err := strconv.ParseUint(s, 10, 32)
		if err == nil && n > maxNumber {
			err = strconv.ErrRange
		}
		if err != nil {
			return nil, err
		}
		numbers[i] = uint32(n)
	}
	return numbers, nil
}

// credential is what the kernel gives the plugin's process; nil: the agent's own.
func (who *identity) credential() *syscall.Credential {
	if who == nil {
		return nil
	}
	return &syscall.Credential{Uid: who.uid, Gid: who.gid, Groups: who.groups}
}
