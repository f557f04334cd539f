// Package spool is a queue of records on disk. Records are appended, read in order, and deleted
// when they are acknowledged. Their data is opaque to the package, which imports nothing else of
// this module.
//
// # The file
//
// One bbolt file, virgo.db, mode 0600 in a folder of mode 0700, both owned by the user who runs the
// process. Its buckets and keys:
//
//	meta/      format      version of this layout (2) u32, checksum u32
//	           totals      queued records and their bytes, rejected records and their bytes, the wall
//	                       clock (ms) and the spool's clock (ms) at the last commit, unpacked records
//	                       in the queue, sequence number up to which records were packed,
//	                       checksum u32
//	           inflow      start (spool's clock, ms), records and bytes appended: of the current day,
//	                       then of the previous one
//	           loss        the loss report that is not acknowledged yet: checksum u32, id (u16 length,
//	                       bytes), then for each cause its name (u8 length, bytes), records, bytes,
//	                       first and last
//	           unstored    how much of the count of unstored records was taken (unstored.go): id, then
//	                       as in dropped, checksum u32
//	queue/     sequence    → record, or group under the sequence number of its last record
//	rejected/  sequence    → time (ms), code, message (u16 length, bytes), record
//	dropped/   cause       → all drops ever: records, bytes, time made (ms) of the oldest and the
//	                       newest record
//	           since cause → the same, of the drops that are in no loss report yet
//	state/     space/ key  → checksum u32, value: the caller's own data
//
// Integers are big-endian and 8 bytes long unless their size is given. Sequence numbers are those
// of the queue bucket (bbolt's NextSequence) and only grow, so keys are in the order of appending.
// Bytes count keys, headers and data. A record is
//
//	kind       u8: 1; or 3 for one that was rejected and queued again under another number
//	checksum   u32, of the fields below
//	order      u64, in kind 3 only: the record's first sequence number
//	at         u64, the spool's clock (ms) when it was appended
//	made       i64, ms since the Unix epoch
//	start      8 random bytes, the same for all records of one append
//	agent      u16 length, then the agent's id
//	data       the rest
//
// A group (kind 2, laid out in group.go) is up to 128 records, compressed. The oldest records are
// packed into groups once 256 of them are unpacked. Records that are delivered soon are therefore
// never packed; the others take about a tenth of their size, and deleting them writes a hundredth of
// the pages.
//
// A checksum is the low half of XXH64. Its seed is the sequence number for a record, the XXH64 of
// the name (space, NUL, key) for a value of the state, and otherwise 0. bbolt has no checksums for
// data. Data that changed on the disk is detected and not returned.
//
// # Damaged pages
//
// bbolt maps the file into memory and follows what is in its pages unchecked. Wherever the file is
// damaged, no transaction may therefore crash, hang, read past the file or return a wrong record,
// and a record that can be read is not lost. Package boltfile verifies every page before bbolt reads
// it:
//
//   - At each opening: the header, the free list, and all pages of meta, dropped and state, which are
//     few.
//   - Of queue and rejected, which can have any number of pages, those on the path of an operation
//     before the operation; for a cursor's step and a deletion also the leaves beside it. All
//     operations go through type records. A transaction that writes begins with both ends of the
//     queue, so that damage there is repaired before the caller's function runs.
//   - All branches (the pages that lead to others) before a commit that could merge some of them, and
//     in the first transaction of a day (UTC).
//   - Every page in use before a compaction, and after a process died with the file open.
//
// boltfile.Tree argues why bbolt reaches no other page, and TestReachesOnlyVerifiedPages fills all
// other pages with garbage. Damage in a page that nothing reaches is therefore found later: in a
// branch within a day, in a leaf when it is read.
//
// Two kinds of damage can lose or return records all the same. If the free list changes so that it
// names a page in use and still ascends, that is found when the branch above the page is read, at the
// latest on the next day; a commit before that may overwrite the page. Its records are then counted as
// dropped (damaged). If a page was replaced by an older version of itself, the records in it are those
// of that version, and an endpoint recognises by their ids those that it has.
//
// A record's id is "agent/start-order", start and order in hexadecimal. It never changes. Because
// start is random, a host whose disk was cloned or rolled back does not use an old id for a new
// record, which an endpoint would discard as a duplicate.
//
// # What survives what
//
//   - kill -9, power failure: an append and the caller's state are one synced transaction. Once the
//     call has returned, all of it is stored; before that, all of it or nothing. Files are synced
//     before they are renamed, folders after a creation and after a rename.
//   - A full disk, a read-only disk: the call fails and stores nothing ([ErrFull], [ErrReadOnly]).
//     Stored records can still be read. How many could not be stored is counted in virgo.db.marker
//     ([Spool.NoteUnstored]), which needs no room.
//   - An interrupted creation is started again. A file of a newer format is left alone
//     ([ErrNewerFormat]); one of an older format is converted by the first transaction that writes.
//   - A damaged file is replaced by a new one with all records that can be read ([Recovery]). The
//     last three damaged files are kept; virgo.db.damaged-1 is the latest. Records that the totals
//     counted and that could not be read are counted as dropped (damaged). If the totals could not
//     be read either, the number is unknown ([CauseUnknown]). If only one record or one value of the
//     state is damaged, only that one is lost.
//   - A file that kills the process that reads it, or a process that is killed: the first byte of
//     virgo.db.marker is r while a transaction runs, c (clean) while none runs, and d if a
//     transaction found damage, which the text after it describes. If the byte is not c, the next
//     process verifies virgo.db with ordinary reads before bbolt opens it. Until the first commit the
//     byte is n (new): an empty virgo.db beside any other was emptied. The marker is never synced. If
//     it cannot be written (a read-only disk, or a full one that never had it), transactions run
//     without it.
//
// Earlier versions have a marker virgo.db.open instead, which exists while a transaction runs. It
// counts as r, or as d if it contains text, and is removed once virgo.db is known to be good. Those
// versions ignore virgo.db.marker: after a downgrade they do not notice that a later version died.
//
// A record leaves the queue by [Spool.Settle] (acknowledged, or moved to the rejected ones), by a
// bound, by [Spool.Drop], or because it cannot be read. Nothing else deletes records. The
// transaction that drops records also counts them, by cause, with the times when the oldest and the
// newest of them were made. These counts are never deleted. A second set of counts is moved into
// the report to the endpoint ([Tx.ReportLoss]), which is deleted once the endpoint has acknowledged
// it.
//
// # Syncs
//
// A commit is two calls of fdatasync, and a run that delivers makes two commits: one with claims and
// results, one that settles. To write the acknowledgements to a file that is not synced, from which
// the next run's commit deletes the records, would save the second. A prototype of this saved 4 % of
// a run's CPU time, and 43 of 97 ms where a sync takes 20 ms. It was not worth its code: nobody waits
// for a run, each reader of the queue would have to subtract a second file, and after a power failure
// the results of the last minute would be sent again, which endpoints without result_id store twice.
// Today that takes a power failure between an answer and its commit.
//
// # Bounds and the clock
//
// The queue is bounded in bytes ([Options.MaxBytes] for its records, [Options.MaxFileBytes] for the
// pages of the file in use) and in age ([Options.MaxAge]). An append that exceeds a bound drops the
// oldest records in the same transaction: one by one, but for the bounds in bytes, a whole group at
// a time.
//
// Age is measured by the spool's own clock. At each commit it advances by the time that the wall
// clock has advanced since the last commit, but by a day at most. If the wall clock went back, or
// advanced by more than 366 days, the spool's clock stands still. Whether the wall clock jumps by an
// hour or by fifty years, a jump therefore makes records at most a day too old. The price is that
// records on a host that slept for a month have aged by one day only.
//
// # File size
//
// bbolt's file never shrinks. A commit that leaves more than half of a file of 512 KiB or more free,
// or more than 16 MiB and more than an eighth of it, copies the file to virgo.db.compact, syncs the
// copy and renames it over the file.
//
// On Windows a file that is open or mapped cannot be replaced (Spool.replace). There a transaction
// closes the file first, and every transaction has virgo.db.lock locked from its beginning to its end,
// shared if it reads only. While the file is open, virgo.db and bbolt's own byte of it are locked as
// well, as earlier versions do that know no other lock, so that an earlier version beside a later one
// waits for it. In the moment in which the file is closed, an earlier version can open it. Therefore a
// handle that lets nobody write is opened, under it the header is compared with that of the copied
// file, and the copy is discarded if the earlier version has committed something. NTFS replaces the
// file under that handle. Other file systems do not: there a whole transaction of an earlier version
// would be lost if it fitted between two calls. Programs that have the file open (virus scanners) are
// waited for, for two seconds; then the file stays, and the next commit tries again.
//
// # Concurrency
//
// bbolt locks its file for one writing process at a time. A run therefore opens the file for each
// step (claim, append, read a batch, settle a batch) and closes it in between: a run that waits for
// a slow check or a slow network blocks nobody, and others wait for milliseconds. The wait is
// bounded by [Options.LockWait]; after that the call fails with [ErrLocked]. Closing also releases
// the memory of the pages that were read, so memory depends on the size of a batch, not of the file.
//
// Only one process delivers at a time: [Spool.TryDeliver] acquires a separate lock (deliver.lock),
// which the system releases when its owner dies.
package spool
