// Package host looks at the machine that it runs on: processors, memory, load, disks, file systems,
// network interfaces, processes, files, systemd units, and the agent itself. [Types] gives its checks.
//
// # Where the figures come from
//
// gopsutil is the library for host figures and the way on every system. On Linux, where a check runs
// every minute for years, it is left where one read of a file of /proc says the same or more:
//
//	/proc/stat            gopsutil reads it three times in a process: twice when its cpu package is linked, once when asked
//	/proc/diskstats       gopsutil leaves out disks that are idle, and looks up each disk's serial number and label
//	/proc/net/dev         gopsutil leaves out frame, carrier and collisions
//	/proc/vmstat          gopsutil makes hundreds of strings of it for two numbers
//	/proc/PID/…           gopsutil's process package links cpu and net, and reads status and statm for what stat has
//	/proc/self/mountinfo  gopsutil leaves out the file system's own options and network and FUSE types, or takes all pseudo ones
//
// The formats are those of the kernel's Documentation/filesystems/proc.rst, admin-guide/iostats.rst and
// proc(5). Memory and load come from gopsutil everywhere, processes elsewhere than on Linux. What systemd says
// of its units comes from systemctl, which is as old as systemd and needs no D-Bus library in every run.
//
// # Control groups
//
// Where the agent runs in a container, or in a unit with limits, the host's memory and processors are not its to
// use. agent.memory and agent.cpu then tell the limits of control groups (version 2) beside the host's figures:
// cgroup_memory_*, cgroup_swap_*, cgroup_cpu_*. Limits of the groups above count as far as they can be seen, the
// lowest as the limit. Without any, two small files are read for it, or tried, and nothing is told. Version 1's
// controllers are not looked at.
//
// # Samples
//
// agent.cpu, agent.disk and agent.process keep their counters from run to run, with a mark of the boot that they
// count from. A sample of another boot, one whose counters went back, or one that cannot be read is as none.
// agent.filesystem and agent.file keep which file systems did not answer.
//
// # File systems that hang
//
// Asking a file system for its figures (statfs) never returns while its server is gone, and nothing
// interrupts it. Network and FUSE file systems are therefore asked by a child process
// ([Options.StatProgram]), which holds nothing of its parent's and is left behind when it cannot be
// killed; others in a goroutine. One that does not answer within [HangLimit] is not asked again for
// [HangRest].
package host
