// Package trial runs scripts while they are written: once against this host for `virgo script run`,
// and their tests against captured input for `virgo script test`.
//
// The data's way: a folder's files are read by the command (Folder), handed to a process that is
// limited as the script process is, and run there. A test is a Lua file beside the script,
// NAME_test.lua, that returns tests { ["name"] = function(t) … end }: t:run says which files,
// outputs of programs, answers and connections there are, and runs the script; the other methods
// compare what it reported. A script that asks for anything that was not captured fails its test,
// with what it asked for.
//
// What can fail: a test (Result, with file and line); a folder that is too large. Who could abuse
// it: whoever wrote the scripts or tests. Both run in the limited process with no access to files:
// they were read before, and only below the folder.
package trial
