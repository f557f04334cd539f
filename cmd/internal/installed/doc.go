// Package installed is the agent's folder of bundles, and how the scripts of the current one have
// done since it came.
//
// The data's way: a verified bundle is written under a name made of its version and SHA-256, then
// one small file, "installed", is replaced: it names the current bundle, the previous one, the
// pinned version, the refused ones and the trial. That file is the only truth; what it does not
// name is removed by whoever holds the lock. After a run with scripts, their standing (which
// failed, how often in a row) is written in the run's own transaction of the spool, and Verdict
// compares it with that of the bundle before.
//
// What can fail: no space, a crash at any step (the current bundle stays good), a damaged file (the
// previous bundle, then none). The user sees it in `virgo bundle list`, `virgo status` and one line
// of the run that first needs a script. Who could abuse it: whoever can write to the state folder
// is root already; the folder's owner is checked.
package installed
