package daemon

import "context"

// Native returns this system's service manager.
func Native() (Manager, bool) { return RCD{Dir: "/usr/local/etc/rc.d"}, true }

// addUser makes a system user.
func addUser(ctx context.Context, name string) error {
	return command(ctx, "pw", "useradd", "-n", name, "-d", "/nonexistent", "-s", "/usr/sbin/nologin", "-c", "virgo-endpoint")
}
