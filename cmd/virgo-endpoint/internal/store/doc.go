// Package store keeps results, agents and tokens in one SQLite file. It implements the interfaces of
// package intake and imports bundles.
//
// # The path of a result
//
//  1. [Store.Append] takes a batch and opens one transaction, which takes SQLite's write lock.
//  2. The token of each arrival is verified again: arrivals of a revoked one are not stored, and their
//     outcome is intake.ErrBadToken.
//  3. The agent's row is found or created, and the result inserted; the unique index (agent,
//     result_id) ignores copies.
//  4. The commit is synced; only then does Append return.
//
// What can fail: another process holds the lock for longer than busyTimeout, the disk is full, the
// file is damaged. Each is an error of the whole batch: nothing of it is stored, and it can be
// appended again. If the process ends in between, SQLite restores the last commit from the write-ahead
// log when the file is next opened.
//
// # Imports
//
// [Store.Import] stores the results of a bundle by the same rules, some hundreds per transaction, so
// that a server that uses the same file can work meanwhile. If an import is interrupted, a part is
// stored, and repeating it stores the rest. The key that signed an agent's first bundle is stored with
// the agent; a bundle signed with another key is refused.
//
// # The file
//
// journal_mode=WAL, synchronous=FULL, mode 0600. One process writes at a time while any number read.
// user_version is the number of [schema] steps that were applied. A file of an earlier version is
// migrated when it is opened, in one transaction; one of a later version is refused ([ErrNewer]).
// Times are milliseconds since the Unix epoch.
package store
