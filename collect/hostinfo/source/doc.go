// Package source reads a host: its files, its folders, and the output of its programs. It also defines
// [Type], a type of host information, which the packages beside it implement.
//
// Reading is bounded, because files may be large and their owners hostile: a file is read up to
// [MaxFileBytes], a folder up to [MaxEntries] names, an answer has up to [MaxRows] rows. Only
// regular files are opened, without blocking: a pipe or a device in a file's place is an error.
// Errors name the path on the host, not the path in a test's captured tree.
//
// Nothing is redacted here; see package redact.
package source
