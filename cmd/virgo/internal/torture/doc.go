// Package torture holds no code. Its tests hold what is promised about bad days: they do the damage for real,
// to the real programs where a program is what suffers, and then count what arrived.
//
// # What is promised
//
//	each result that a run reported as kept reaches the endpoint's store, once
//	  whatever byte the connection ends at, either way, by a cut or by silence
//	  whatever instant the agent or the endpoint is killed at
//	  whatever the endpoint says, and whatever it never says
//	a run ends before its deadline, and what an endpoint sends costs it no more than 16 MiB of memory
//	nothing is written outside the agent's own folders
//
// # How it is tested
//
// A test makes a host of its own (a folder with configuration, state and checks), lets results be kept on
// it, does one kind of damage, and then lets one good session follow. After that the endpoint's books hold each
// result once and the spool is empty. What cannot be tried in full is drawn by chance, from a seed that
// is logged.
//
// # How long it takes
//
// An ordinary go test draws a sample, seconds a test. VIRGO_TORTURE (a Go duration, for example 15m) is the
// time that all tests of this package share; each takes its part of it, or less where it tried all there is.
// VIRGO_TORTURE_SEED repeats a run's draws. Each test logs "torture: NAME: N cases", and adds the line "NAME N" to
// the file that VIRGO_TORTURE_REPORT names: the numbers in the README are from there.
package torture
