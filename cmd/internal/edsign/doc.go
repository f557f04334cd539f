// Package edsign makes Ed25519 signatures and public keys (RFC 8032) in a process that makes one and ends.
//
// crypto/ed25519 first computes a table of 256 multiples of the base point, which pays off from the
// second signature of a process on. A run signs once. With the table, a key and one signature take about
// six times the processor time that they take here, and would lengthen a run by a third (BenchmarkFirst,
// less the process that signs nothing; the row "virgo-run: CPU" of virgo-bench). The signatures are byte
// for byte those of crypto/ed25519, which the tests compare.
//
// The arithmetic is that of filippo.io/edwards25519, whose multiplications with a secret take the same
// time for every secret; it has the same author and the same code as that of crypto/ed25519.
package edsign
