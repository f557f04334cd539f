// Package api has the modules that scripts use: files, programs, HTTP and sockets, DNS, JSON, CSV
// and XML, regular expressions, time, hashes, certificates and the figures of the host.
//
// The data's way: a name or an address from Lua, the guard, the outside world, bounded bytes,
// values of Lua. The table of the functions is the documentation (virgo script doc, virgo help lua)
// and what `virgo script check` knows.
//
// What can fail: the world (nil and a message), the script's arguments (an error of Lua), a use
// that is not declared or not granted (the check ends, refused). Who could abuse it: a script, the
// other side of a connection, the content of a file; each use is asked of the guard, and what is
// read is bounded and parsed by fuzzed code.
package api
