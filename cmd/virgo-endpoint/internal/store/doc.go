// Package store keeps results, agents and tokens in one SQLite file. It implements the interfaces of
// package intake and imports bundles.
//
// # The path of a result
//
//  1. [Store.Append] takes a batch and opens one transaction, which takes SQLite's write lock.
//  2. The access of each arrival is verified again: arrivals of an agent or a token that was revoked are not
//     stored, and their outcome is intake.ErrRevoked or intake.ErrBadToken.
//  3. The agent's row is found or created, and the result inserted; the unique index (agent,
//     result_id) ignores copies.
//  4. What it says about refusals of the host's owner is noted in refused_checks.
//  5. The commit is synced; only then does Append return.
//
// What can fail: another process holds the lock for longer than busyTimeout, the disk is full, the
// file is damaged. Each is an error of the whole batch: nothing of it is stored, and it can be
// appended again. If the process ends in between, SQLite restores the last commit from the write-ahead
// log when the file is next opened.
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
// [Store.AddBundle] stores a piece of a bundle that a courier brings over a connection, together with how
// far the bundle is, in one synced transaction that decides again about the courier's access and the key.
//
// # The file
//
// journal_mode=WAL, synchronous=FULL, mode 0600. One process writes at a time while any number read.
// user_version is the number of [schema] steps that were applied. A file of an earlier version is
// migrated when it is opened, in one transaction; one of a later version is refused ([ErrNewer]).
// Times are milliseconds since the Unix epoch.
package store
