// Package script runs checks written in Lua 5.1, in the script process (virgo internal-scripts), never elsewhere.
//
// The data's way: source (bundle or folder), load: compile and declare, a type of check; for each check a state of
// its own with a counter of instructions and the modules of package api; a report.
//
// What can fail: an Error (of a kind: load, error, instructions, compute, output, memory) with the file and the
// line; a refusal by the owner's policy; what the script itself says is unavailable. The user sees it in the
// check's status, and in `virgo script run` with the traceback.
//
// Who could abuse it: whoever wrote a script. It reaches nothing but the functions that it is given, which ask the
// guard at each use; its instructions, time, output and strings are bounded here (limits.go), its memory,
// processor time and files by the system (package limits).
package script
