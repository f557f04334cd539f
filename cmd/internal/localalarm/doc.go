// Package localalarm judges the alarms of a host's own checks, on the host and without an endpoint.
//
// A check in checks.d that has alarms is judged by the same rules as at an endpoint (package alarm), in the
// transaction that persists its results ([Judge.Judge]). What changes is put in a queue in the same
// transaction. After the delivery it is told ([Judge.Tell]): by a line on standard error, by the owner's
// command and by a webhook (alarm.command and alarm.webhook of virgo.yaml), within the time of the run.
// What was told leaves the queue; what could not be told is told by a later run, for up to [maxWaiting], and
// a kill between the two tells it again, never not at all.
//
// What can fail: a state that cannot be read is dropped, and the check begins anew. A mistake in a rule costs that
// rule; `virgo schedule check` names it. A rule cannot use what only an endpoint knows (host.*, SILENT,
// notify, escalate), or a time of over [MaxWindow], since the run pays for it each minute.
//
// The stored state is in the spool: in space "alarms" for each check, by its id, the time of the last
// result that was judged, the values that the rules need, and a state for each rule and dimension; in space
// "alarm-queue" what is to be told, in the order of its keys.
//
// Who could abuse it: rules, command and webhook are in the owner's files, which nobody else may write. An
// endpoint's checks are not judged here, whatever alarms they have. Texts of checks are sanitized; the
// command gets them on its standard input and in variables, never in its arguments. The webhook's address
// may be a secret, and is in no error.
//
// virgo-run links nothing of this: it hands a run whose checks have alarms over to virgo.
package localalarm
