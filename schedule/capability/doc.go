// Package capability names what a script may use: files, programs, hosts and figures of the host.
//
// A Set is part of a script's declaration, of a bundle's manifest and of what an owner grants. It
// decides nothing: package policy compares what is declared with what is granted, before a script
// runs and at each use.
//
// What can fail: a kind that does not exist, a pattern that is too long, more patterns than the
// limit; a Set is refused as a whole. Nobody can abuse it: it is data.
package capability
