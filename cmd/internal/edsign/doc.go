// Package edsign makes Ed25519 signatures and public keys (RFC 8032) in a process that makes one and ends.
//
// crypto/ed25519 first computes a table of 256 multiples of the base point, which pays off from the
// second signature of a process on. A run signs once, and with the table it takes 1.8 ms of processor
// time, of about 4 that it takes in all; without it, one signature and the public key take 0.15 ms
// (BenchmarkFirst). The signatures are byte for byte those of crypto/ed25519, which the tests compare.
// The arithmetic is that of filippo.io/edwards25519, whose multiplications with a secret take the same
// time for every secret; it has the same author and the same code as that of crypto/ed25519.
package edsign
