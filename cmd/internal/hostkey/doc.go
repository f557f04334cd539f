// Package hostkey keeps what says which host this is: files in the state folder, each with mode 0600,
// written atomically and synced.
//
//	agent.key   the host's Ed25519 key (PEM, PKCS #8 and its public key): it signs hello and bundles alike
//	agent.id    the host's id, of a host whose configuration has none
//	token       the token that virgo setup could not use yet
//
// The first run that delivers makes the key, or virgo setup, virgo key show or virgo spool export before
// it. A key is never replaced: endpoints and couriers know the host by it.
//
// The id is stored because the one that is computed from host name and machine changes with them, and
// a key is registered for one id. virgo setup --defer leaves both to the first run, so that the hosts of
// one disk image have each their own.
//
// # What can fail
//
//   - A disk that is full or cannot be written: there is no key yet, and the run says hello with its
//     token alone.
//   - A key that others can read, or a file without a key: nothing is delivered to endpoints that may
//     know this host by its key, and the owner is told how to correct it.
//
// # Who could abuse it
//
// Who reads agent.key is this host, for every endpoint, until its key is revoked there; who reads token
// can enrol a host as the token allows. Both are readable by their owner alone, and the state folder
// is closed to others (package spool checks it). A copy of the whole folder cannot be told from the
// host itself, but two hosts that use it are noticed by the numbers of their sessions.
package hostkey
