// Command virgo-bench measures whole runs of virgo on this machine and prints a table.
//
// It builds both programs, starts an endpoint on loopback, and runs the agent as cron would: a process that
// starts, works and ends. What is measured is the kernel's own account of that process at its end. Beside it
// runs a bare program (folder bare) that makes the same gopsutil calls, one bbolt commit and one
// TLS send: what such a run costs whoever writes it. The two run in turns and are compared pair by
// pair, because a shared machine's speed changes from one second to the next; each figure is the median.
//
// # Why ptrace
//
// ru_maxrss of a child that a Go program starts includes the parent's own peak: until its exec the child
// shares the parent's memory (CLONE_VM), and Linux carries the old high-water mark over. The child is therefore
// traced and stopped at its exit (PTRACE_O_TRACEEXIT), where /proc/PID/status still tells its own
// VmHWM (peak resident), RssAnon and RssFile. Only Linux tells; elsewhere those columns are empty.
package main
