// Package limits limits this process by the system: memory, processor time, open files, written files. It is applied
// once, before the first script is loaded, and no code in Lua can undo it.
//
// What can fail: the system refuses; then no script runs, and says so. Who could abuse it: nobody; it is what is left
// when a script gets out of Lua, beside the unprivileged user of the process.
package limits
