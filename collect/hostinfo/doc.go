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
// # Bounds
//
// A file is read up to 8 MiB and a folder up to 20,000 names. A list has at most [MaxRows] rows, an answer at most
// [MaxAnswerBytes] of JSON; rows that are left out are said in its error, which stands beside those that are told. A type that does not come back
// when its time is up (a file on a server that is gone) is left behind, and its answer says so.
//
// # Sources
//
// gopsutil gives the figures of cpu, memory, disk, filesystem and procs, and the rest on systems other than
// Linux. On Linux these are read from where they lie, because gopsutil leaves out what the existing agent told or
// runs a program for it:
//
//	who, last_logins   utmp(5), in both its layouts; logind's sessions where there is no utmp any more
//	network            /proc/net/dev, for collisions and carrier
//	system             /proc/sys/kernel and os-release(5)
//	connections        /proc/net/tcp and the like, for processes' names
//	sshd               sshd_config(5) with what it includes; sshd -T would read the host's keys
//
// # Keys
//
// Names are the existing agent's where it had any (fileName, memory_resident, used_by_process, …), and so is that
// system and date are lists of one. They differ where its own were wrong: fstab has every line and not the last
// one; of passwd minimum_age, maximum_age, warning_period and inactivity_period are each the number they are named
// after; times of last_logins are RFC 3339; numbers of kernel_modules are numbers, and the addresses of modules,
// which would tell where the kernel lies, are not told; connections has a row for each connection, not for each
// neighbour.
//
// # Secrets
//
// No password hash, key or token is in an answer, whatever a file or a command line holds: what a type shows
// it picks, line by line and key by key, and never copies whole; texts that may hold anything (command lines,
// addresses, configuration values, what programs print) pass [Redact]. The environment of a process is never
// read; of /etc/shadow only whether there is a password, and its dates; files of keys are named, never opened.
// A test plants secrets in all of these places and looks for them in every answer. A secret on a command line that
// nothing marks as one (radtest bob secret) cannot be known, and stays.
package hostinfo
