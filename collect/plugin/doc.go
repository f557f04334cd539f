// Package plugin runs the host owner's own programs as checks of type agent.plugin and reads what they
// print.
//
// # Which programs
//
// Only what lies in the plugin folder: a name that leads out of it (an absolute path, "..", a symbolic
// link) is refused. On Unix the folder, every folder below it on the way and the file itself must
// belong to root or to the user that the agent runs as, and nobody else may be able to write to them:
// who can change a plugin runs as the agent. The folders above the plugin folder are the owner's
// concern. On Windows the file system's access lists are not looked at.
//
// # How they run
//
// The file is run itself, without a shell, in the plugin folder, with standard input and standard
// error on the null device. A text file that the system cannot run because it has no "#!" line goes to
// /bin/sh, as execvp(3) has it. On Windows .exe runs itself, .bat and .cmd run under cmd.exe, .ps1
// under PowerShell and .py under Python. An argument that cmd.exe would not pass on unchanged is
// refused.
//
// The environment is the one that the owner of the package gave, without what may carry the agent's
// secrets (every VIRGO_ variable, CREDENTIALS_DIRECTORY), and the check as RAX_CHECK_ID,
// RAX_CHECK_PERIOD (seconds), RAX_CHECK_TYPE, RAX_DETAILS_<KEY> and the same beginning with VIRGO_.
//
// # How they end
//
// At its time limit, or when the run is stopped, a plugin gets SIGTERM and a moment to clean up
// ([termGrace]); then it and all that it started is killed:
//
//   - Linux: its process group in one stroke; then, until none is found, its descendants by parentage,
//     those seen before SIGTERM, and every process that has the run's own variable
//     ([runVariable]) in its environment. What called setsid, forked twice or lost its parent is found. What
//     did all of that and emptied its environment before the limit is not, nor what runs under a user
//     that the agent must not signal, nor a chain of processes that fork and die faster than /proc can
//     be read.
//   - Other Unix systems: its process group. What left the group is not found.
//   - Windows: its job, which nothing leaves. There is no SIGTERM there.
//
// A plugin that ends by itself may leave a service behind that it started; what such a process prints
// after [pipeWait] is not waited for. On Windows it lives on as well.
//
// # What they print
//
// At most [MaxOutputBytes] and [collect.MaxMetrics] are looked at. What comes after is read and thrown
// away, and a plugin that does not stop is ended. A format is one file: a [format] reads lines and says
// at the end what they come to. Now there is one, the existing agent's (virgo.go).
package plugin
