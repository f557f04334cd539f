// Package signature verifies detached signatures by keys that the owner configured: Ed25519 in
// minisign's format (https://jedisct1.github.io/minisign/), and RSA PKCS #1 v1.5 over SHA-256, as
// the existing Virgo agent has it.
//
// The data's way: a file, its signature and the owner's keys; Ring.Verify says who signed it and
// when. The signature is verified over the whole file before one byte of the file is parsed.
//
// What can fail: an unknown, expired or revoked key, a signature that does not fit; each error
// names the key's id. Who could abuse it: anybody may hand in any file and any signature; both are
// bounded before they are parsed.
package signature
