package daemon

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"strconv"
)

// AddUser makes the service's user unless there is one, and returns its numbers. made is true if it was made now.
func AddUser(ctx context.Context, name string) (uid, gid int, made bool, err error) {
	u, err := user.Lookup(name)
	var unknown user.UnknownUserError
	if errors.As(err, &unknown) {
		if err := addUser(ctx, name); err != nil {
			return 0, 0, false, fmt.Errorf("making the service's user: %w", err)
		}
		made = true
		u, err = user.Lookup(name)
	}
	if err != nil {
		return 0, 0, made, err
	}
	uid, err = strconv.Atoi(u.Uid)
	if err == nil {
		gid, err = strconv.Atoi(u.Gid)
	}
	if err == nil && uid == 0 {
		err = errors.New("the service's user must not be root")
	}
	return uid, gid, made, err
}
