// Command virgo looks at the host it runs on, keeps what it saw safe on disk, hands it over when it can, and is
// gone. cron, a systemd timer or the Task Scheduler starts it; a person runs it by hand.
//
// # The house
//
// main is a shell around [run]: only main exits, so every deferred close runs. A command is one struct
// for kong and one file, named *_cmd.go; what it does lies in internal/agent (a run), internal/config
// (settings and where things lie), internal/term (what a person sees) and internal/timer (crontab and the
// like). A command's help opens no file: what it needs is opened when it asks the [app] for it.
//
// Checks of services and of other hosts, and host information, are run by another program, virgo-checks
// (package worker says why and how), which lies beside this one. It is started when such a check is due and ended
// before the delivery.
//
// # Promises
//
//   - stdout carries what was asked for, as a table or with --json as one document with a
//     schema_version; stderr carries errors, hints and, with --verbose, what is going on.
//   - Under cron all is silent while all is well.
//   - The exit codes are a contract ([exitCodes]).
//   - The process ends by its deadline, whatever hangs: [run] does not wait for a command that is overdue.
package main
