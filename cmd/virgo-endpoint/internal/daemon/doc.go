// Package daemon installs the endpoint as a service of its system, under a user of its own: a systemd unit, an rc.d
// script of FreeBSD, or a launchd daemon of macOS.
//
// # What is installed
//
// One text file ([Manager.Print] is that text), which starts `virgo-endpoint serve` with the arguments
// that its owner gave, and nothing else. Installing again replaces it and restarts the service if it
// changed; [Manager.Uninstall] stops the service and removes the file. The endpoint's folder and its
// user stay.
//
// # The user and the sandbox
//
// The service runs as a system user without a shell and a home ([AddUser]), to whom the folder belongs.
// systemd also takes from it everything else: it sees the file system read-only except for the folder,
// no home folders, devices, other processes or kernel interfaces, has no capability but that of binding
// a low port where it needs it, and only the system calls of ordinary services. So whoever takes over
// the endpoint's process has the endpoint's folder, and nothing of the host.
//
// # What can fail
//
// The service manager does not answer (a container): nothing is written. The file is written and the
// start fails: the error names the command, and installing again goes on. The service's exit code 2 is a
// mistake in its arguments: systemd does not start it again then.
package daemon
