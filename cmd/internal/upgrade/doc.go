// Package upgrade replaces the two programs of the agent: versions in folders, one link that is switched, a trial
// before it, and the previous version kept for the way back.
//
// The data's way: an archive for this system (from the endpoint or a file), its signature by a key of upgrade_signers,
// unpacked beside the running version, tried (version, a run without delivery in a copy of the state), switched.
//
// What can fail: every step before the switch leaves the running version as it is; the switch is one rename. The user
// sees each step with -v and one line of what changed. Who could abuse it: the holder of a key in upgrade_signers
// holds the host, which transport/THREATS.md says; nobody else does: a bundle's key does not sign programs.
package upgrade
