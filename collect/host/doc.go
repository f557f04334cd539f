// Package host checks the machine that it runs on: processors, memory, load, disks, file systems,
// network interfaces, processes, files, systemd units, and the agent itself. [Types] returns its
// checks.
//
// # Where the figures come from
//
// The figures come from gopsutil. On Linux these files of /proc are read instead, because gopsutil is
// more expensive or omits values:
//
//	/proc/stat            gopsutil reads it three times in a process: twice when its cpu package is
//	                      initialized, once when called
//	/proc/diskstats       gopsutil leaves out idle disks, and looks up each disk's serial number and label
//	/proc/net/dev         gopsutil leaves out frame, carrier and collisions
//	/proc/vmstat, meminfo gopsutil allocates a string for each line
//	/proc/loadavg         the only file left that virgo-run would link gopsutil for
//	/proc/PID/…           gopsutil's process package links cpu and net, and reads status and statm for
//	                      values that stat has too
//	/proc/self/mountinfo  gopsutil leaves out the file system's own options, and either includes every
//	                      pseudo file system or leaves out network and FUSE ones
//
// On macOS package macos reads what gopsutil needs cgo for, or programs in PATH: processors, memory,
// disks, interfaces and processes.
//
// Their formats are in the kernel's Documentation/filesystems/proc.rst, admin-guide/iostats.rst and
// proc(5). On FreeBSD and Windows the figures come from gopsutil, and the load on macOS.
// The state of systemd units comes from systemctl, which every version has and which needs no D-Bus
// library.
//
// # Control groups
//
// In a container, or in a unit with limits, the agent cannot use the host's whole memory and
// processors. agent.memory and agent.cpu then report the limits of control groups
// (versions 1 and 2) beside the host's figures: cgroup_memory_*, cgroup_swap_*, cgroup_cpu_*. The limit is the lowest one
// of the group and its visible ancestors. Without a limit nothing is reported; finding that out takes
// two small reads with version 2.
//
// # Samples
//
// agent.cpu, agent.disk and agent.process store their counters for the next run, with the id of the
// boot. A sample of another boot, one with counters larger than the current ones, or one that cannot
// be decoded is ignored. agent.filesystem and agent.file store which file systems did not answer.
//
// # File systems that hang
//
// statfs does not return while the server of a file system does not answer, and it cannot be
// interrupted. Network and FUSE file systems are therefore probed by a child process
// ([Options.StatProgram]), which inherits no open file and is abandoned if it cannot be killed. Other
// file systems are probed in a goroutine. A file system that does not answer within [ProbeTimeout] is
// not probed again for [ProbeBackoff].
package host
