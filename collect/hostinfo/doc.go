// Package hostinfo tells what a host is and how it is set up, one type of question at a time: its processors,
// its packages, its cron jobs. An owner asks by hand (virgo hostinfo), an endpoint by host_info.get where the
// owner lets it.
//
// # The way of an answer
//
// A [Type] has a name, and a function that reads the host and gives JSON values: a struct for what there is
// one of, a list of structs for what there are several of. Their keys are documented where they are declared,
// by the tag doc, and shown by [Describe]; they are stable. [Get] puts the answer into an [Answer], whatever
// happens: a type that is not for this system, a program that is missing, a time limit and a panic are an
// error text in it.
//
// Reading and parsing lie apart: a parser is a pure function of bytes, tested on captured input, fuzzed, and
// bounded. What is read are the system's own files, through a [Host] that knows where they lie; a program of
// the system's is run only where no file says it, and one that is missing is named.
//
// # Secrets
//
// No password hash, key or token is in an answer, whatever a file or a command line holds: what a type shows
// it picks, line by line and key by key, and never copies whole; texts that may hold anything (command lines,
// addresses, configuration values) pass [Redact].
package hostinfo
