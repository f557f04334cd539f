// Package boltfile reads a bbolt file page by page, to verify it and to salvage what is in it.
//
// bbolt maps its file into memory and follows the page numbers in it without checking them. In a
// damaged file they lead to a fault, to an endless loop or to an allocation that no recover
// survives. This package reads the same pages with ordinary reads and checks every number before it
// follows it. It knows bbolt's format and nothing of what the buckets mean.
//
// Four entry points differ in how much they read:
//
//   - [Check] reads the header, the free list and the small buckets: little enough for each opening.
//   - A [Tree] reads the pages of a large bucket on the way to a key.
//   - [File.CheckAll] reads what Check does and all branch pages.
//   - [Verify] reads every page in use.
//   - A [Walker] reads what is left of a file that failed either of them.
//
// # Format
//
// Version 2, as bbolt's sources define it (internal/common: page.go, meta.go, bucket.go, inode.go;
// internal/freelist). Integers are in the byte order of the machine. Pages have 4096 bytes; a page
// with overflow continues in the pages after it.
//
//	page header      id u64, flags u16 (1 branch, 2 leaf, 4 meta, 16 free list), count u16,
//	                 overflow u32
//	meta             magic u32, version u32, page size u32, flags u32, root bucket (page u64,
//	                 sequence u64), free list page u64, number of pages u64, transaction u64,
//	                 FNV-1a u64 of what precedes
//	free list        page ids, u64, ascending; where the header's count is 0xFFFF, the count
//	                 precedes them as u64
//	branch element   position of the key u32, its length u32, page u64
//	leaf element     flags u32 (1: a bucket), position of the key u32, its length u32, length of
//	                 the value u32; the value follows the key
//	bucket (value)   root page u64, sequence u64; where the root is 0, the bucket's only page
//	                 follows (an inline bucket)
//
// Positions count from the start of their element. Pages 0 and 1 hold a meta each; the valid one
// with the greater transaction counts. A new file has four pages: the metas of transactions 0 and
// 1, an empty free list and an empty root bucket.
//
// # Errors
//
// A [CorruptError] is about the bytes of the file, [ErrNewerVersion] about its version. Any other
// error is the disk's: what cannot be read now may be readable later.
package boltfile
