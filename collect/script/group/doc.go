// Package group gives each script process a control group (cgroups(7), version 2) that limits
// the memory and the number of processes of it and the programs that its scripts run,
// together. The limits that the process sets itself (package limits) hold as well, and alone
// where there is no group.
//
// # Where there is one
//
// Only in virgo.service, the unit that `virgo install --systemd` writes, with the Delegate= that it
// has. Every other group belongs to systemd or to a container's manager, and nobody else may change
// it or make others below it (https://systemd.io/CGROUP_DELEGATION, single-writer rule). Both are
// needed: the name, because what is delegated to another service or to a container has processes
// that are not ours to move; and the mark that systemd sets on a delegated group (the attribute
// user.delegate, or trusted.delegate before systemd 251), because a unit by an older virgo has
// none. So under cron, in a shell, in most containers, with version 1, and without the memory
// controller there is none.
//
// # How
//
// A group whose memory is divided among groups below it must not have processes itself. So before
// the first script process starts, the run moves whatever runs in its unit to the group "agent"
// beside those of scripts. The script process is born in its group (CLONE_INTO_CGROUP, Linux 5.7),
// before it has the rights of its user, who cannot write there.
//
//	virgo.service/            delegated; memory and pids for the groups below, while scripts run
//	virgo.service/agent/      the run, its workers and plugins: no limit
//	virgo.service/scripts-1/  a script process, and what it starts
//
// [Groups.Close] gives the unit back as it was. It must, before the run ends: systemd cannot start
// a unit in a group that it left with controllers for the groups below (EBUSY, systemd issues 24064
// and 41278), and a program that hangs in the kernel lets it stay. What remains is that of a run
// that was killed meanwhile: systemd removes it with the unit's group, unless such a program is in
// it, and then the next run starts once that has ended.
//
// What can fail: everything; then there is no group, nothing is said, and the process's own limits
// hold. Who could abuse it: a user who can write to the group could take the process out of it, so
// one that others can write to is not used. The systemd of a user (seen with 252) does not mark what
// it delegates, so there is none; where one does, scripts run as that user, who can.
package group
