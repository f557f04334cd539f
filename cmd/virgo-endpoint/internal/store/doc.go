// Package store keeps who agents are in one SQLite file (identities: agents, keys, tokens, refusals, the
// catalogue) and their results in segments beside it (package segment). It implements the interfaces of package
// intake and imports bundles.
//
// # The path of a result
//
//  1. [Store.Append] looks up who the agents of a batch are, and whether their accesses are valid: from memory as
//     long as the file of identities has not changed (PRAGMA data_version). The ordinary session of a known agent
//     changes nothing in that file. What does (a new agent, a refusal, a legacy token's use, to the minute) is
//     written there first, in a transaction that verifies accesses again.
//  2. The open segment's write lock is taken. Under it the version is compared once more, and if it is
//     another one all is looked up anew. Whoever withdraws an access commits that first and then waits
//     for this lock once ([Store.barrier]): nothing that it let in is stored after that.
//  3. Copies are left out (copies.go), the others get their numbers in the order of arrival, and each
//     agent's contact is continued: from this segment, or from the last one that has it.
//  4. Blobs, ids and contacts are one transaction. When that is synced, Append returns.
//
// Locks are taken in the order of this file, then segment, and nobody who has a segment's lock waits for this
// file's.
//
// What can fail: another process holds a lock for longer than busyTimeout, the disk is full. Each is an error
// of the whole batch: none of its results is stored, and it can be appended again; a refusal or a new
// agent may be. A damaged segment is set aside and the batch goes into a new one; if this file is damaged,
// nothing is stored. If the process ends in between, SQLite restores the last commits from the write-ahead
// logs.
//
// # Who an agent is
//
// An agent has a row in agents, whose key is the endpoint's own number for it: it survives enrolment, reset
// and rename. Its registered key is a row in agent_keys, whose key is never used again, so that a session
// that was opened by it is over once the row is deleted. [Store.Admit] reads; only an enrolment writes, in
// one synced transaction that decides again under the write lock, registers the key and counts the use of
// the token. Tokens of a version without keys are for the agents that were known when the file was migrated
// (column known).
//
// # Imports
//
// [Store.Import] stores the results of a bundle by the same rules, some hundreds per transaction, so
// that a server that uses the same file can work meanwhile. If an import is interrupted, a part is
// stored, and repeating it stores the rest. The key that signed an agent's first bundle is stored with
// the agent; a bundle signed with another key is refused, as is one that is not signed with the key that
// its agent has registered. Nobody enrols under the id of a bundle with another key than the bundle's.
//
// [Store.AddBundle] stores a piece of a bundle that a courier brings over a connection: the results first, then
// how far the bundle is, in a transaction that decides again about the courier's access and the key. After a
// kill in between the piece comes again, and its results are copies.
//
// # The file
//
// journal_mode=WAL, synchronous=FULL, mode 0600. One process writes at a time while any number read.
// user_version is the number of [schema] steps that were applied. A file of an earlier version is
// migrated when it is opened, in one transaction; one of a later version is refused ([ErrNewer]).
// Times are milliseconds since the Unix epoch.
//
// # The life of a segment
//
// The table segments is the catalogue: which files have results, in which order, and what may be done with
// each. Only what it names is read. A segment goes through these states, one transaction of the catalogue
// each:
//
//	open      results arrive in it; one segment is open
//	ended     it is sealed; its log is being moved into the file, its contacts into agents
//	sealed    complete and read-only, opened as immutable
//	deleting  nobody reads it any more; its file is being removed
//	damaged   set aside as NUMBER.db.damaged-N, and never written to or deleted
//	filling   the migration writes it; nobody else reads it, and after a kill it begins anew
//
// A new segment begins with the day of the retention clock (package retention), with the hour where one has
// more than [hourBytes], and before a backup. [Store.rollOver] does it with the write lock of this file, in
// an order that leaves nothing half done: the old segment is sealed under its own write lock, from then on
// nobody writes to it; the new file is made; the catalogue names it. Whoever finds the newest segment
// sealed, because the process that sealed it died, does the rest. Locks are taken in the order of this
// file, then segment.
//
// Contacts of an ended segment are merged into agents by some hundreds in a transaction, which also notes
// up to which agent that is done (merged); until then readers add the contacts above it. What arrives
// meanwhile waits for none of it.
//
// # What is deleted
//
// [Store.Maintain] asks package retention each minute. What is due is deleted oldest first: the catalogue
// says deleting, in the transaction that also raises the floor; the agents' results are taken off their
// numbers; when nobody reads segments any more (readers lock them shared), the file is renamed to
// *.deleted, and then made shorter in steps and removed, so that the file system is never busy for long. A kill in
// between leaves a row with deleting or a *.deleted file, with which the next start goes on.
//
// A result that is not above the highest order of its agent, is not found, and was made before the floor
// may be one that was deleted: it is acknowledged, counted (thrown away), and not stored. One with a higher
// order is stored whatever its time is.
//
// Below the floor of free space, and when a disk says that it is full, Append fails with intake.ErrFull and
// nothing of the batch is stored.
//
// # Series
//
// [Store.Maintain] makes columns of results (package history) when an hour is over, one segment after the other, up to
// the number of the last result then; [Store.Points] reads columns and, from segments, what has later numbers. It
// pauses as long as it works, so that agents are served meanwhile. A segment is not deleted for its age before its results are
// in columns. A history that is damaged is set aside and made again from the segments that there are. While a
// migration goes on nothing becomes columns, since its results have the lowest numbers.
//
// [Store.EachPoint] walks along many series at once, hour by hour, so that each row is read once for all of them.
//
// # New results
//
// [Store.After] passes results on in the order of arrival, which is that of their numbers: the segments in their order, and
// in each the blobs behind a number. A reader's place is one number, good over roll-overs and new starts. Numbers have no gaps
// but where something was deleted or is damaged, so what a reader misses is counted.
//
// # Migration of a store without segments
//
// The schema's step makes the tables only. [Store.Maintain] then writes the rows of results into segments:
// a run of rows of one arrival day becomes one segment, written as filling and then named by the catalogue
// in the transaction that moves the mark (settings.migrated) behind its last row. The rows above the mark
// are read from the table, all others from segments, both in one snapshot of this file; so at each moment a
// result is in exactly one place. Rows below the mark are deleted in steps, and when none are left the
// table is dropped and the file becomes small. Segments of the migration have the numbers below
// [migratedNumbers]. It waits where the disk does not have the space for both, and says how much it needs.
//
// # Backup
//
// [Store.Backup] copies history first: what it lacks is computed again from segments. Then, in one moment,
// it holds the write lock of this file and ends the open segment, and begins a snapshot of this file; after
// that it copies the sealed segments and the snapshot at leisure. The snapshot and the segments are of the
// same moment. Were the identities older than the segments, results could belong to an agent's number that
// is given to another agent later, and orders would count as new that are stored. Were they younger, the
// progress of a bundle could be ahead of its results. Segments cannot be deleted meanwhile: the backup has
// them locked like a reader.
package store
