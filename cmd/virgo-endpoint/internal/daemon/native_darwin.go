package daemon

import (
	"context"
	"fmt"
)

// Native returns this system's service manager.
func Native() (Manager, bool) { return Launchd{Dir: "/Library/LaunchDaemons"}, true }

// addUser returns what to do: macOS wants a free number between 200 and 400, and a name that begins with _.
func addUser(_ context.Context, name string) error {
	return &HintError{fmt.Errorf("there is no user %q", name),
		"sudo sysadminctl -addUser _virgo -UID 399 -roleAccount, then install --user _virgo"}
}
