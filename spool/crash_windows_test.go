package spool

// diesWithOne says whether a process that was killed exits with code 1 (TerminateProcess).
const diesWithOne = true
