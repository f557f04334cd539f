// Package control stores in control.db what the endpoint remembers besides results: states of alarms and their changes,
// silences, the queue of notifications, cursors, people and their sessions, the audit log, what hosts are asked and answered.
// It implements the interfaces of package watch and decides nothing.
//
// # The file
//
// It is a file of its own, since whoever stores results watches endpoint.db for changes, and here something changes with
// each alarm. It is made when something needs it: an endpoint without page and alarms has none.
//
// journal_mode=WAL, mode 0600, application_id "vctl"; user_version is the number of [schema] steps that were applied. One
// process writes at a time while any number read. A file of an earlier version is migrated when it is opened, one of a
// later version is refused ([ErrNewer]). Times are milliseconds since the Unix epoch, 0 for none; lists are JSON.
//
// # What survives what
//
// Each method that changes something is one transaction. It is synced (synchronous=FULL) when it returns, but for what
// is made again after a power failure: cursors, and states of alarms from which nothing followed. These are in the
// order of the file: a commit that is synced syncs those before it, so the cursor of alarms is never behind a notification
// that followed from later results, and a row that was sent does not come back. Numbers of changes and rows are never
// used twice.
//
// # What can fail
//
// The disk is full, or another process has the write lock for longer than busyTimeout: an error of that call, of which
// nothing is stored. A damaged file: a server ([Options].SetAside) renames it to control.db.damaged-N, says so in the log,
// and goes on with an empty one: alarms are judged anew, outputs begin with now, and people are added again. Other
// processes get intake.ErrDamaged.
//
// # Deletion
//
// [DB.Maintain] deletes what is too old, some hundreds of rows in a transaction, so that nobody waits for it long.
//
// # Who could abuse it
//
// Hosts write here through the engine of alarms, which bounds their states (watch.MaxStates), and with answers to what people
// asked them: at most watch.MaxInfos of watch.MaxInfoBytes each. Whoever can read the file
// finds hashes of passwords and of sessions, and no secret of a notifier.
package control
