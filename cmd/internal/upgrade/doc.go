// Package upgrade replaces the two programs of the agent, virgo and virgo-run, by those of a signed
// archive, both at once, and keeps the version before.
//
// # What is where
//
// An upgraded installation has the programs of each version in a folder of its own, and one link
// that says which one is used:
//
//	LIB/versions/0.10.0-4f2c1d/virgo, virgo-run
//	LIB/current  -> versions/0.10.0-4f2c1d
//	LIB/previous -> versions/0.9.0-a1b2c3
//	BIN/virgo, virgo-run -> LIB/current/virgo, virgo-run
//
// LIB is /usr/local/lib/virgo for programs in /usr/local/bin, else the folder .virgo beside them.
// The first upgrade copies the programs that are there to LIB/versions and puts links in their
// place: before and after each step both programs are of one build. Whatever starts BIN/virgo-run
// (a crontab, a unit) stays as it is.
//
// # The data's way
//
// An archive, its signature, Open, Unpack to a folder whose name ends with .tmp, sync, rename; a
// trial of the new programs; Switch, which is the rename of one link.
//
// # What can fail
//
// Everything before the switch changes nothing that is used; what is left behind, the next upgrade
// removes. Nothing goes back by itself afterwards: the trial is what guards, and the version before
// is one command away.
//
// A version whose trial failed, or from which a person went back, is in LIB/refused.json: runs
// (`upgrade: auto`) take it no more, a person may.
//
// # Who could abuse it
//
// Whoever holds a key of upgrade_signers decides what runs on the host. Nobody else: the signature
// is verified over the whole archive before one byte of it is parsed. Who may change LIB or BIN
// already decides what runs.
package upgrade
