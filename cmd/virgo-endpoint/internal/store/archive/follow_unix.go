//go:build unix

package archive

import "syscall"

// noFollow opens no link, and does not wait for who writes to a pipe.
const noFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK
