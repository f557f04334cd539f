// Package limits limits this process by the system: memory, processor time, open files, written
// files. It is applied once, before the first script is loaded, and no code in Lua can undo it.
//
// # Memory
//
// A limit that the system holds is what counts: the allocation that would pass it fails, and Go's
// runtime ends the process at once. Linux has RLIMIT_DATA, which counts what a process maps to
// write, and so the heap that Go uses; [limitData] says what it does not count. Windows has job
// objects. Whether the limit works is tried before anything runs: kernels before 4.7, some
// sandboxes and Wine accept one and do not heed it.
//
// Where the run is in a unit that delegates its control group, package group limits the process and
// its programs together as well.
//
// A watchdog looks every few milliseconds how much memory the process uses. It is the only limit on
// other systems, and ends a process in plain words on all of them.
//
// # Programs
//
// Programs that a script runs inherit the limits of their parent. They are started through
// [Process.ForChild], which gives them those of programs; on Windows they stay in the process's
// job, and end with it.
//
// What can fail: the system refuses; then no script runs, and says so. Who could abuse it: nobody;
// it is what is left when a script gets out of Lua, beside the unprivileged user of the process.
package limits
