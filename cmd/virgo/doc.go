// Command virgo runs checks on its host, stores the results on disk, delivers them to an endpoint
// and exits. cron, a systemd timer or the Task Scheduler starts it; people run it by hand.
//
// # Structure
//
// main calls [runProgram]: only main exits, so every deferred close runs. Each command is a struct
// for kong in a file *_cmd.go. The work is done in cmd/internal: agent (what both programs of the agent
// have in common), run (a run), link (communication with the endpoint), airgap (bundles), config
// (settings and paths), term (output for people) and timer (crontab and others). The [app] opens
// what a command needs only when the command asks for it, so that help opens no file.
//
// Checks of services and of other hosts, and host information, are run in another process of this
// program ([workerChild], see package worker), so that the memory, a crash or a hang of such a check
// is not the run's. It is started when such a check is due and ends before the delivery. Checks in Lua
// run in yet another one ([scriptsChild]), which limits itself before it reads a script.
//
// # Promises
//
//   - The output goes to stdout, as a table or with --json as one document with a schema_version;
//     errors, hints and, with --verbose, progress go to stderr.
//   - Under cron nothing is printed unless something is wrong.
//   - The exit codes are a contract ([agent.ExitCodes]).
//   - The process ends by its deadline, whatever hangs: [agent.Program.Main] does not wait for an overdue command.
package main
