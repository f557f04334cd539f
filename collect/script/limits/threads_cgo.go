//go:build unix && cgo

package limits

// threadBytes is room for the stacks of threads: those of the C library have 8 MiB each, which
// the kernel counts although next to nothing of them is used. Programs as we build them,
// without C, have none.
const threadBytes = 128 << 20
