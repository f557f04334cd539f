//go:build unix && !linux

package plugin

import "syscall"

// A tree is a plugin's process group. What left it is not found.
type tree struct {
	pid  int
	gone bool
}

func newTree(pid int, _ string) *tree { return &tree{pid: pid} }

func (t *tree) note() {}

func (t *tree) signal(sig syscall.Signal) {
	// Darwin answers EPERM, not ESRCH, where only zombies are left.
	t.gone = syscall.Kill(-t.pid, sig) != nil
}

func (t *tree) empty() bool { return t.gone }
