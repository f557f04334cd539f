//go:build unix && !linux

package plugin

import "syscall"

// A tree is a plugin's process group. Processes that left it are not found.
type tree struct {
	pid  int
	gone bool
}

func newTree(pid int, _ string) *tree { return &tree{pid: pid} }

func (t *tree) scan() {}

func (t *tree) signal(sig syscall.Signal) {
	// Where only zombies are left, Darwin returns EPERM instead of ESRCH.
	t.gone = syscall.Kill(-t.pid, sig) != nil
}

func (t *tree) empty() bool { return t.gone }
