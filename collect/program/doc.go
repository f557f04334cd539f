// Package program runs the system's own programs (systemctl, iptables-save, PowerShell, …) where no
// file and no library gives the answer.
//
// A program is looked up in the system's folders ([Folders]), never in the working folder or by
// PATH. It runs without a shell, with no other input than the caller's, in a small environment in
// the C locale, in a process group of its own; it is killed with its group when its time is up, and
// its output is bounded. The owner's own programs are run by package plugin.
package program
