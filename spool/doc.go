// Package spool is the queue on disk: records in, records out, acknowledged or kept. Records are
// opaque bytes to it, and it knows no other room of the house.
//
// # The file
//
// One bbolt file, virgo.db, mode 0600 in a folder of mode 0700:
//
//	meta/      format      uint32, the version of this layout (1)
//	           records     uint64, how many records wait
//	           bytes       uint64, how many bytes they take (keys, headers and data)
//	queue/     seq         → record
//	rejected/  seq         → reason, record
//	dropped/   cause       → count, bytes, first and last time made (ms) of what was dropped
//	state/     space/ key  → value: whatever the caller keeps beside its records
//
// All integers are big-endian; seq is 8 bytes and only grows, so the order of keys is the order of
// appending. A record is
//
//	made       int64, ms since the Unix epoch
//	start      8 random bytes, drawn anew by each append
//	agent      uint16 length, then the agent's id
//	data       the rest
//
// A record's id is "agent/start-seq" (start and seq in hex). It never changes. Because start is drawn
// anew each time, a disk image that was cloned or rolled back to a snapshot cannot give an old id to a
// new record, which an endpoint would take for a copy.
//
// # What survives what
//
//   - An append is one synced transaction, with the caller's state (samples, last runs) in it: after
//     it returned, kill -9 and a power cut keep all of it; before, none of it.
//   - A record leaves the queue by [Spool.Settle] alone (it was acknowledged, or refused and put aside)
//     or by a bound. Nothing else deletes.
//   - Bounds are in bytes and in age. Whole records are dropped, oldest first, and each drop is counted
//     by cause with the span of time that was lost, in the transaction that drops.
//
// # Who holds the file, and for how long
//
// bbolt locks its file for one process at a time. A run therefore opens the file for each step (claim,
// append, read a batch, settle a batch) and closes it between them: a run that waits for a slow check or
// a slow network holds nothing, and another run waits for milliseconds. Waiting is bounded by
// [Options.LockWait]; past it the call fails with [ErrLocked].
//
// Only one process delivers at a time: [Spool.TryDeliver] takes a lock of its own (deliver.lock), which the
// system releases when its holder dies.
package spool
