// Package segment keeps the results that arrived in a span of time in one SQLite file. It knows agents by
// the store's number and not by name, and nothing of tokens and keys: package store joins the segments.
//
// # The file
//
// journal_mode=WAL, synchronous=FULL, mode 0600, application_id "vseg". Times are ms since the Unix epoch.
//
//	meta      one row: number, first (of its results), begun_ms, sealed, dictionary, checksum
//	blobs     seq (the number of its first result), agent, received_ms, least_ms, span_ms, data:
//	          results of one agent that arrived together, whose times span at most [MaxSpan]
//	          indexes short_by_time and long_by_time (least_ms), for spans up to [ShortSpan] and above
//	ids       agent, start, first, last, blob: runs of ids "agent/start-order" that are in a blob
//	contacts  agent, data: what is known of an agent, [Contact]; one row for each agent
//	          that was seen in this segment
//
// A result without an id has a row in ids as well, so that ids names all blobs of an agent: start 0 and
// first = -seq. One whose id package receipt cannot parse has first < 0 too, and start and first are from
// its SHA-256.
//
// # A blob
//
// data is a header and a zstd frame with the dictionary of the segment:
//
//	checksum  4 bytes, CRC-32C of the row's other columns and the rest of data
//	version   1 byte, today 1
//	count     varint: number of results
//	frame     without its magic number
//
// The content is the fixed fields of all results, then their params one after the other, which come back byte for
// byte. A field whose value the params have in the usual form (`"check_id":"…"`) is one bit: whoever
// encodes verifies that decoding finds the same value.
//
// # What survives what
//
// Blobs, ids and contacts of a batch are one synced transaction ([Tx]), so a result is there together with
// its id and its agent's contact, or not at all. After kill -9 and a power failure SQLite restores the last
// commit from the write-ahead log.
//
// A segment is sealed once nothing more is to arrive in it: no transaction begins any more ([ErrSealed]),
// the log is moved into the file and verified to be empty, and the file becomes read-only. From then on
// it is opened as immutable: without locks, by any number of processes.
//
// SQLite has no checksums, so rows have their own. What they do not cover is an index that lost an entry; [Segment.Verify]
// compares indexes with their tables. A damaged row is an error that wraps intake.ErrDamaged and names
// the file; it is never a result with other content. [Segment.Blobs] in the order of arrival goes on behind it.
//
// # Who could abuse it
//
// Only what package intake accepted comes here, of agents that were admitted. Such an agent can store as much
// as the limits of its connection allow, but cannot make others' results unreadable, as each blob has
// results of one agent; sizes in a blob are verified before anything is allocated. A [Contact] is
// bounded: intake.MaxChecks checks, texts as intake bounds them. The dictionary of a segment is a sample of what
// agents sent before: the file reveals no more than its results do, and whoever can read it reads those.
// An agent's results are compressed together with the dictionary, and nobody learns the size of another's.
package segment
