// Package bundle is how results cross an air gap: one file that any hand may carry, that nobody on the
// way can change unnoticed and, if it was made for somebody, that nobody else can read.
//
// # The file
//
//	file   = magic version block* — the first block is a header, the last an end
//	magic    16 bytes, "virgo-bundle", CR, LF, 0x1A, LF: a file that went through a text mode shows it
//	version  u32, 1
//	block  = kind u8, length u32 (of the body), body, seal (64 bytes)
//
// Integers are big-endian. A seal is an Ed25519 signature (RFC 8032) by the agent's own key over the
// ASCII text "virgo bundle 1", a zero byte, and the SHA-256 of all bytes of the file before the
// seal. So each block vouches for all that came before it: a reader can tell up to which result and which byte a
// broken file is good, and nothing of it can be taken out, put in, repeated or carried over from
// another bundle.
//
// The kinds of block:
//
//	'H'  header: a JSON object, of at most 8 KiB:
//	       agent       id of the agent whose results these are
//	       name        its name, for people
//	       bundle      32 hexadecimal digits, drawn at random: this bundle's id
//	       created_ms  ms since the Unix epoch
//	       virgo       version of the program that wrote it
//	       public_key  base64, the 32 bytes of the key of the seals
//	'R'  results, one behind the other:
//	       order u64    the place among all results of this agent's spool
//	       made  i64    ms since the Unix epoch
//	       id           u16 length, then the result's id: "agent/…", the agent's of the header
//	       data         u32 length, then params of check_metrics.post without result_id, as the agent made them
//	'Z'  the same, packed: size u32 (of what is packed), then an LZ4 block (lz4_Block_format.md)
//	'E'  end: count u64, of all results; nothing follows its seal
//
// Unknown fields of the header are ignored; an unknown kind of block is not read over. Results come in the
// order in which they would have been delivered. A block of results holds 5 MiB unpacked at most; this
// package closes one at 256 KiB.
//
// With recipients, all of this is inside an age file (age-encryption.org/v1, binary), which the age
// program opens too: age -d -i KEY sealed > plain.
//
// # Who is believed
//
// A seal proves that the owner of the key in the header wrote the file, not who that is. Whoever takes
// bundles remembers the first key that it saw for an agent's id and takes no other without being
// told to: see [Header.Key].
//
// # What a reader promises
//
// [Open] reads the whole file and checks every seal before it gives anything out; what is given out
// afterwards is read, and checked, again, so that a file that changes meanwhile (a stick may lie) brings an
// error and not a result. Memory is bounded by a block, whatever the file says of itself.
package bundle
