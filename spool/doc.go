// Package spool is the queue on disk: records in, records out, acknowledged or kept. Records are
// opaque bytes to it, and it knows no other room of the house.
//
// # The file
//
// One bbolt file, virgo.db, mode 0600 in a folder of mode 0700, both their user's own:
//
//	meta/      format      the version of this layout (2), u32; sum, u32
//	           totals      records and bytes that wait, records and bytes that were refused, the
//	                       wall clock (ms) and the spool's clock (ms) at the last commit, records
//	                       that wait by themselves, the place up to which they were packed; sum, u32
//	           inflow      since when (spool's clock, ms), records and bytes appended: of this day
//	                       and of the one before
//	           loss        sum u32, id (u16 length, bytes), then for each cause its name (u8 length,
//	                       bytes), records, bytes, first and last: a report of what was dropped,
//	                       until it is acknowledged
//	queue/     place       → record, or group: the place of its last record
//	rejected/  place       → when (ms), code, message (u16 length, bytes), record
//	dropped/   cause       → records, bytes, first and last time made (ms) of what was ever dropped
//	           since cause → the same, of what no report told of yet
//	state/     space/ key  → sum u32, value: whatever the caller keeps beside its records
//
// Integers are big-endian and of 8 bytes unless told; places only grow (they are the queue bucket's own
// sequence), so the order of keys is the order of appending. Bytes count keys, headers and data. A record is
//
//	kind       u8: 1; or 3, for one that was refused and waits again, at another place
//	sum        u32, of what follows
//	order      u64, only in kind 3: the place that it had first
//	at         u64, the spool's clock (ms) when it was appended
//	made       i64, ms since the Unix epoch
//	start      8 random bytes, drawn anew by each append
//	agent      u16 length, then the agent's id
//	data       the rest
//
// and a group (kind 2) is up to 128 of them, compressed; group.go has its layout. Records are packed into
// groups, the oldest first, when 256 of them wait by themselves: what is delivered soon is never packed, and
// what waits for long takes about a tenth of its size, and a hundredth of the writes when it goes.
//
// A sum is the low half of XXH64, for a record with its key as the seed and for a value of the state with
// that of its name (space, NUL, key): bbolt has none of its own for what it stores. What was changed on the disk is found out, not handed out.
//
// A record's id is "agent/start-order" (start and order in hex). It never changes. Because start is drawn
// anew each time, a disk image that was cloned or rolled back to a snapshot cannot give an old id to a
// new record, which an endpoint would take for a copy.
//
// # What survives what
//
//   - An append is one synced transaction, with the caller's state (samples, last runs) in it: after
//     it returned, kill -9 and a power cut keep all of it; before, none of it.
//   - A record leaves the queue by [Spool.Settle] (it was acknowledged, or refused and put aside), by a
//     bound, by [Spool.Drop], or because it cannot be read back. Nothing else deletes. What was neither
//     acknowledged nor is put aside is counted by cause, with the span of time that was lost, in the
//     transaction that drops it.
//   - A first creation that was cut off is begun again. A file of a newer format is left alone
//     ([ErrNewerFormat]); one of an older format is brought to this one by the first transaction that writes.
//   - A file that is damaged is replaced by a fresh one with all that reads ([Recovery]) and kept beside
//     it as virgo.db.damaged-1, the last three of them. What its totals spoke of and did not read
//     counts as damaged. A single record or value of the state that is damaged costs that one alone.
//   - A fault that no process survives is survived by the next one: while a transaction is under way,
//     virgo.db.open lies beside the file, and who finds it there looks the file through first,
//     with ordinary reads.
//
// # Bounds and the clock
//
// Bounds are in bytes (of the records, and of the file's pages that are in use) and in age; whole records
// are dropped, oldest first, by the append that passes a
// bound: of a group all at once where room is wanted, one by one where they are too old. Age is measured by the spool's own clock, which adds up the steps of the wall clock from
// commit to commit: one backwards or of more than a year as nothing, any other as a day at most. A
// clock that jumps, by an hour or by fifty years, therefore drops nothing that a good clock would
// have kept, but for a day's worth; a host that slept for a month finds its records a day older.
//
// What was dropped is counted for ever, and once more for a report to the endpoint ([Tx.ReportLoss]), which
// is cleared only when that report was acknowledged.
//
// bbolt's file never shrinks. One of half a mebibyte or more, of which more than half is free, is copied
// into virgo.db.compact, synced and renamed by the commit that finds it so; not on Windows, where a
// file that is open cannot be replaced. For the same reason nothing is mended there.
//
// # Who holds the file, and for how long
//
// bbolt locks its file for one writing process at a time. A run therefore opens the file for each step (claim,
// append, read a batch, settle a batch) and closes it between them: a run that waits for a slow check or
// a slow network holds nothing, and another run waits for milliseconds. Waiting is bounded by
// [Options.LockWait]; past it the call fails with [ErrLocked]. Closing also gives the pages back that
// were read: memory follows the batch, not the file.
//
// Only one process delivers at a time: [Spool.TryDeliver] takes a lock of its own (deliver.lock), which the
// system releases when its holder dies.
package spool
