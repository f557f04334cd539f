// Package bundle reads and writes bundles: files in which results cross an air gap. Any change by
// those who transport the file is detected. If it is encrypted, only its recipients can read it.
//
// # The file
//
//	file   = magic version block* — the first block is a header, the last an end
//	magic    16 bytes, "virgo-bundle", CR, LF, 0x1A, LF: a transfer in text mode damages it visibly
//	version  u32, 1
//	block  = kind u8, length u32 (of the body), body, seal (64 bytes)
//
// Integers are big-endian. A seal is an Ed25519 signature (RFC 8032) by the agent's key over the
// ASCII text "virgo bundle 1", a zero byte, and the SHA-256 of all bytes of the file before the
// seal. Each seal thus authenticates everything before it: a reader can report up to which result
// and byte a damaged file is good, and no block can be removed, inserted, repeated or copied from
// another bundle.
//
// The kinds of block:
//
//	'H'  header: a JSON object of at most 8 KiB:
//	       agent       id of the agent whose results these are
//	       name        the agent's name, for people
//	       bundle      32 hexadecimal digits, random: the id of this bundle
//	       created_ms  ms since the Unix epoch
//	       virgo       version of the program that wrote it
//	       public_key  base64, the 32 bytes of the key of the seals
//	'R'  results, one after the other:
//	       order u64    place in the order of all results of this agent's spool
//	       made  i64    ms since the Unix epoch
//	       id           u16 length, then the result's id: "agent/…", with the agent of the header
//	       data         u32 length, then params of check_metrics.post as the agent made them, without
//	                    result_id
//	'Z'  the same, compressed: size u32 (uncompressed), then an LZ4 block (lz4_Block_format.md)
//	'E'  end: count u64, of all results; nothing follows its seal
//
// Unknown fields of the header are ignored; an unknown kind of block is an error. Results are in
// the order in which they would have been delivered. A block of results has at most 5 MiB
// uncompressed; this package ends one at 256 KiB.
//
// With recipients, all of this is inside an age file (age-encryption.org/v1, binary), which the age
// program decrypts too: age -d -i KEY sealed > plain.
//
// # Trust
//
// A seal proves that the file was written by the owner of the key in its header, but not who that
// is. An importer remembers the first key ([Header.Key]) that it saw for an agent's id and accepts
// another one only on explicit request.
//
// # Reading
//
// [Open] reads the whole file and verifies every seal before it returns. [Reader.Next] reads and
// verifies the blocks again, so a medium that returns other bytes the second time causes an error,
// not a wrong result. Memory is bounded by the largest allowed block, whatever the file claims.
package bundle
