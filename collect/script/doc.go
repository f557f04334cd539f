// Package script runs checks written in Lua 5.1, in the script process (virgo
// internal-scripts), never elsewhere.
//
// The data's way: source (bundle or folder), load: compile and declare, a type of check; for each
// check a state of its own with a counter of instructions and the modules of package api; a report.
//
// What can fail: an Error (of a kind: load, error, instructions, compute, output, memory) with the
// file and the line; a refusal by the owner's policy; what the script itself says is unavailable.
// The user sees it in the check's status, and in `virgo script run` with the traceback.
//
// The language is Lua 5.1 as github.com/yuin/gopher-lua has it, without what that leaves open: each
// function of the base libraries is written or chosen here; protected calls have a coroutine of
// their own (protect.go); every coroutine counts into the one meter of its check (meter.go);
// patterns are matched by a matcher that counts its steps (pattern.go); nesting, names and depth of
// a file are bounded before the parser and the compiler have it (nesting.go). What it does
// otherwise than Lua 5.1: a list has at most 262143 values, a coroutine cannot be made of a
// function that is not written in Lua, xpcall's handler is called when the stack is unwound.
//
// As many scripts compute at the same time as there are processors; one that waits for the world
// lets another compute, and one that computes long takes turns (places.go). A function that does
// not return is told to whoever owns the process (Options.Hung), which ends it.
//
// Who could abuse it: whoever wrote a script. It reaches nothing but the functions that it is
// given, which ask the guard at each use; its instructions, time, output and strings are bounded
// here (limits.go), its memory, processor time and files by the system (package limits).
package script
