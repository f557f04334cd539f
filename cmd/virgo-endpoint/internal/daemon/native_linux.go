package daemon

import "context"

// Native returns this system's service manager.
func Native() (Manager, bool) { return Systemd{Dir: "/etc/systemd/system"}, true }

// addUser makes a system user.
func addUser(ctx context.Context, name string) error {
	return command(ctx, "useradd", "--system", "--user-group", "--no-create-home",
		"--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", "--comment", "virgo-endpoint", name)
}
