// Package program asks the system's own programs (systemctl, iptables-save, PowerShell, …) where no file
// and no library gives the answer.
//
// A program is found in the system's folders ([Folders]), never in the working folder and never by a PATH that
// somebody else set. It runs without a shell, with no input but what it is fed, in a small environment in the C locale, in a
// process group of its own; it is ended with its group when its time is up, and what it prints is bounded.
// The owner's own programs are the business of package plugin.
package program
