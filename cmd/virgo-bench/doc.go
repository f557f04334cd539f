// Command virgo-bench measures whole runs of virgo on this machine and prints a table.
//
// It builds the programs, starts an endpoint on loopback, and runs the agent as cron would: a process
// that starts, works and ends. What is measured is the kernel's own account of that process. Beside it runs
// a bare program (folder bare) that makes the same gopsutil calls, one bbolt commit and one TLS send:
// what such a run costs whoever writes it. The two run in turns and are compared pair by pair, because a
// shared machine's speed changes from one second to the next; each figure is a median. Every measured run is
// checked to have stored all its results: a run that did less would be a fast one.
//
// # Where the figures come from
//
// CPU is user and system time from the wait4 that reaped the process, its own children included. Peak
// resident is VmHWM and anonymous is RssAnon of /proc/PID/status, read when the process is about to exit and still
// has its memory.
//
// Not from ru_maxrss: a child that a Go program starts shares its parent's memory until it execs
// (clone(2) with CLONE_VM), and Linux carries the high-water mark over the exec, so the figure of a
// small child can be that of its large parent. The child is therefore traced and stopped at its exit
// (ptrace(2), PTRACE_O_TRACEEXIT). Only Linux does all this. Darwin and FreeBSD tell the peak by ru_maxrss, with
// that doubt; Windows tells none.
//
// Round trips are counted on a link that is made slow on purpose, so that they do not depend on which
// of two fast programs happened to write first.
package main
