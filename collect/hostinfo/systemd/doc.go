// Package systemd reads which units of systemd there are, which are enabled and which run.
//
// Sources are the unit folders of systemd.unit(5) with the links in them, and the control groups in
// /sys/fs/cgroup (version 2, or version 1 as systemd mounts it). systemctl is not run: it needs
// D-Bus and is missing in containers. Only Description and the [Install] section of a unit file are
// read; Environment and ExecStart, which may hold passwords, are not.
package systemd
