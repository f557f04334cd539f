//go:build unix && !linux

package worker

import "syscall"

// keepPing does nothing: macOS lets every user ping, and no other system has capabilities.
func keepPing(*syscall.SysProcAttr, *Account) {}
