package spool

// diesWithOne reports whether a killed process exits with code 1 (TerminateProcess).
const diesWithOne = true
