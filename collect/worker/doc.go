// Package worker runs checks in another process: virgo, started with the hidden command [Argument],
// which has the checks of services and other hosts and host information.
//
// # Why another process
//
// The memory, a crash or a hang of such a check is not the run's: a database driver that fails fatally
// takes no result of another check with it, and what the checks allocated is gone before the delivery.
// A run starts the process only when one of its checks is due, and ends it before the delivery.
//
// This package knows the checks by its catalog alone, so that virgo-run has them without linking them.
// Each package that is linked costs each run memory and CPU time, even if it is not used, because its
// initialization touches pages of the program. With these checks, a virgo run of the seven host checks
// takes 0.6 ms (11 %) more CPU time and 2.8 MiB more resident memory than without; 0.5 ms of it are
// initialization (GODEBUG=inittrace=1).
//
// # The protocol
//
// One process runs all such checks of a run at the same time. Its standard input and output are lines
// of JSON: first a greeting from each side, which tells its build (both must be one), and from the worker
// that it has opened its checks, or why it cannot: no check is to blame for a death before that. Then
// requests, each with an id, and their answers in any order. A request whose context ends is cancelled by a line
// with the same id; the worker then cancels the check and answers. Secrets are never on a command
// line. The process ends at the end of its input, so it does not outlive an agent that was killed.
//
// The lines are encoded by encoding/json: the first request of a run takes 20 µs and each other one
// 1.4 µs, instead of 0.3 µs with code of our own. The stacks of a hundred checks that wait for their
// answers are the same 8 KiB either way (BenchmarkWaitingChecks), and starting the process takes 8 ms.
//
// # Whose rights it has
//
// What other hosts and services send is parsed here. Where the agent is root and there is a user for it
// (worker_user), the process runs as that user, with no capability but CAP_NET_RAW where remote.ping
// needs it. Host information is then read by a process of its own with the agent's rights: it parses
// what this host says alone. A check that may not read a file then says as which user it ran.
//
// # Scripts
//
// Checks in Lua run in a second process of virgo, started with [ScriptArgument], which limits itself before it
// loads a script (package limits) and has nothing of the other checks. The bundle that scripts are in is
// passed as an open file, because the user that the process runs as cannot read the state folder. A script that
// breaks a limit of the process ends it; the section below says what becomes of the others.
//
// # When the process dies
//
// A panic is a failure of its check only. A fatal error of Go's runtime, the kernel's OOM killer or
// another signal ends the process with all checks that run in it, and it is unknown which of them
// caused it. So each is run once more in a process of its own, a few at a time, within its time limit.
// If that process is killed as well, the result of the check reports it. The other checks have
// ordinary results; they may have queried their servers twice, but each has one result. On Linux, programs
// that still run in the session of a process that died are ended.
package worker
