// Command virgo-bench measures whole runs of virgo on this machine and prints a table.
//
// It builds and installs the programs, starts an endpoint on loopback, and runs the agent as timers
// do. The figures are the kernel's accounting of that process. virgo-run, `virgo run` and a bare
// program (folder bare) take turns: the bare one makes the same gopsutil calls, one bbolt commit and
// one TLS send. They are compared turn by turn, because the speed of a shared machine varies; each
// figure is a median. The measured runs must have stored all their results, because a run that did
// less would look fast.
//
// # How the programs are installed and started
//
// As on a host: each program, given or built, the bare one too, is copied into a new file as a
// package or install(1) does, synced, and read into the page cache. The linker's own output is not
// measured: Linux caches it in pieces of 4 KiB, because the linker writes it through a mapping, and
// a run of it takes 17 % more CPU than one of its copy.
//
// virgo-run and `virgo run` have GOMAXPROCS=1 in their environment, as the entries of `virgo install`
// set it. Other commands and the bare program do not: that one is a plain Go program.
//
// # CPU and resident memory
//
// CPU is user and system time from wait4(2), including that of the process's children. Peak resident
// is VmHWM and anonymous is RssAnon of /proc/PID/status, read when the process is about to exit and
// still has its memory.
//
// ru_maxrss is not used on Linux: a child of a Go program shares its parent's memory until it execs
// (clone(2) with CLONE_VM), and Linux keeps the high-water mark across the exec, so the figure of a
// small child can be that of its large parent. The child is therefore traced and stopped at its exit
// (ptrace(2), PTRACE_O_TRACEEXIT), which only Linux supports. On Darwin and FreeBSD the peak is
// ru_maxrss, with that flaw; on Windows it is unknown.
//
// # Charged memory
//
// A run in a control group of its own is charged for its anonymous memory, the kernel's memory on its
// behalf, and the pages of files that it was the first to read. The peak is memory.peak of version 2
// of control groups (Linux 5.19), or memory.max_usage_in_bytes of version 1. A shell enters the group
// and becomes the program, so that loading the program is charged, too. The kernel charges 64 pages
// at a time, for each CPU: figures differ by such steps.
//
// Cached before means that virgo-bench has read all of the program's file; not cached before, that
// its pages were dropped from the page cache (posix_fadvise(2), checked with mincore(2)), as in the
// first run after a boot. The other files of a run, its spool for example, are cached in both cases.
// Where no group can be made or the pages stay, the table says why and has no such rows.
//
// # Round trips and syncs
//
// Round trips are counted on a connection with an artificial latency, so that they do not depend on
// which of two fast programs writes first. Syncs are counted by strace(1), if it is installed.
package main
