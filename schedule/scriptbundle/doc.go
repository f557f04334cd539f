// Package scriptbundle is the file that checks in Lua travel in: a zip of one possible byte
// form with a manifest.
//
// The data's way: a folder of scripts, Build, bytes; the bytes are signed elsewhere; Parse, Bundle.
// The entries are stored, not compressed, and Parse encodes what it read anew and compares all
// bytes: a prefix, trailing data, doubles, overlaps, links, extra fields and compression are one
// error with the first differing offset.
//
// What can fail: bytes that are no bundle (*FormatError, with the offset and the rule). The user
// sees which entry is wrong and why. Who could abuse it: whoever holds a signing key, and nothing
// in a file can cost more than its own bytes, as nothing is compressed and nothing is extracted.
package scriptbundle
