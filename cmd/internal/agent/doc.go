// Package agent is what the agent's two programs have in common: the configuration becomes an agent,
// the agent makes a run, and errors become messages and exit codes.
//
// virgo has every command. virgo-run has only the run, and links less: what is linked costs each run
// memory and CPU time. Both call [Program.Run], so they decide alike. virgo-run differs in what it is
// given: a YAML parser that only knows plain files (package schedule/yaml), and the virgo beside it
// as the program that runs heavy checks ([SiblingPath]) and does the rest.
//
// # Handing over
//
// What virgo-run cannot do, virgo does:
//
//   - A whole run, by [Program.HandOver]: a command line that virgo-run does not know, YAML beyond the
//     plain kind in virgo.yaml or checks.d, or alarms in checks.d (package localalarm). This is found before any check is claimed, so nothing was
//     done and nothing can be done twice. virgo gets the same command line. If the reason is found
//     after the splay (checks.d), virgo gets no second one, and only the time until the deadline.
//   - Single checks and an endpoint's questions, in virgo as a worker (package worker).
//
// Where virgo cannot be started, a flag that virgo-run does not know stays a usage error, exit code 2: whoever
// wrote it wanted another run. YAML that is not plain, or a variable that virgo-run does not know, which may be
// meant for other commands, is then a mistake of the owner like others ([Program.RunAlone]): the run is made
// without that file or variable, and says so once. A state folder that is refused ends each run with exit code 2: nothing can be kept, nor that it
// was said, and nobody else would hear of it.
//
// A damaged spool is no reason: package spool repairs it in both programs. The code for that is
// linked, but its pages are not read before they are needed; handing it over would save no memory,
// and a host without virgo would then collect nothing.
//
// virgo is a child process and does not replace virgo-run (execve(2)), for three reasons: a virgo
// that hangs is killed some seconds after its deadline, Windows has no execve, and the path is the
// same on every system. Its input and output are those of virgo-run, and its exit code becomes that of
// virgo-run. SIGTERM is passed on; Ctrl-C reaches both from the terminal, and virgo-run waits for virgo
// to end. A virgo-run that dies takes virgo with it where the system can do that (prctl(2)
// PR_SET_PDEATHSIG on Linux, a job object on Windows); elsewhere the run ends by its own deadline,
// and no other run can take its claims.
//
// virgo is only started if nobody can have written it who could not have written virgo-run: it is a
// regular file beside virgo-run that neither its group nor others may write, and it belongs to root,
// the user or the owner of virgo-run. It must contain the text of [build], because an upgrade may be
// half done. On Linux, the file that was checked is started even if another one replaces it meanwhile.
package agent
