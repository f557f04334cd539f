// Package hostinfo reports information about a host by types: its processors, its packages, its cron
// jobs. A person requests it with virgo hostinfo, an endpoint with host_info.get if the host's owner
// allows it.
//
// # Packages
//
// This package has the list of types, their time limits, and the form of an answer. The types are in
// packages by subject, which do not import each other:
//
//	accounts     accounts, passwords, PAM, SSH server, logins, permissions
//	apps         Postfix, fail2ban, lsyncd
//	filesystems  mounted file systems and fstab
//	hardware     processors, memory, disks, lshw
//	network      interfaces, routes, sockets, packet filter
//	packages     packages, their updates and fixed vulnerabilities
//	system       kernel, distribution, processes, services, cron
//	web          Apache, nginx, PHP, WordPress, Magento
//
// They read hosts through package source, and redact texts with package redact. Package conf parses
// file formats that several of them need, and systemd reads units.
//
// # Answers
//
// A [Type] has a name, and a function that reads the host and returns a struct or a list of structs.
// Their JSON keys are stable; the tag doc documents them, and [Describe] lists them. [Get] always
// returns an [Answer]: a type that this system does not support, a missing program, a time limit and a
// panic become its error text.
//
// Reading and parsing are separate: a parser is a pure function of bytes, tested on captured input,
// fuzzed, and bounded. The sources are the system's own files; a program is run only if no file has
// the answer.
//
// # Bounds
//
// Besides the bounds of package source, an answer has at most [MaxAnswerBytes] of JSON. If rows are
// left out, its error says so. A type that does not return when its time is up (a file on a dead
// network mount) is abandoned, and its answer says so.
//
// # Keys
//
// Keys are those of the original Virgo agent if it has the type (fileName, memory_resident,
// used_by_process); also as there, system and date are lists of one element. Its errors are corrected:
// fstab has every line, not only the last; minimum_age, maximum_age, warning_period and
// inactivity_period of passwd are not confused with each other; times of last_logins are RFC 3339;
// numbers of kernel_modules are JSON numbers; connections has a row for each connection, not for each
// neighbour.
//
// # Secrets
//
// Answers contain no password hash, key or token. Types report single lines and keys, never whole
// files. Of command lines, cron jobs, mount options and the like they show names, unless the owner chose
// all ([Host].Arguments); of settings and texts what package redact lets pass. A test puts two hundred
// secrets into files and command lines, and searches every answer for them.
package hostinfo
