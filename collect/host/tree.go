package host

// A tree is where the kernel's file systems are mounted.
type tree struct {
	proc, sys string
	root      string // what mount points are below; empty outside of tests
}
