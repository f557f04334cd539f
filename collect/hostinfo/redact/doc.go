// Package redact shows what a host may tell about itself, and nothing that may be a secret. It is the only
// redaction of the agent: host information and the errors of plugins pass it.
//
// # What is shown
//
// Nobody can list what secrets look like: a password may be any word. So the functions list what is
// shown, and leave out the rest:
//
//   - [Arguments]: of a command line the programs and the names of options; of a list of options their
//     names. A value is "…", whatever it is. The owner may choose to see all (Full).
//   - [Value]: of a setting the words that are numbers, plain words, paths, addresses of hosts; of a URL
//     its scheme and host. If the name means a secret, nothing.
//   - [Text]: of a text for people the words of a language. A word that follows the name of a secret, or
//     that looks random, is removed, and of a URL all but scheme and host.
//
// What replaces a value is [Omitted] in arguments and [Mark] elsewhere. A secret that is a plain word in a
// setting whose name does not say so ("motto = hunter") stays: whoever must be certain does not allow
// that type of host information (remote: host_info).
//
// The functions take time that is linear in the length of the text, and no regular expressions, which
// would add 100 KB to virgo-run and 1 ms to its first text.
package redact
