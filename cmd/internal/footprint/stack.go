package footprint

// stackBytes is the stack of the deepest phase of a run, the TLS handshake.
const stackBytes = 48 << 10

// GrowStack grows the calling goroutine's stack to the size that a run needs, while it is almost
// empty. Growing it later step by step copies every frame each time, and reads the tables that
// describe them: a megabyte of the program that nothing else needs.
func GrowStack() { growStack(0) }

// growStack has a large frame that it does not use: the stack grows at the call, without touching
// its pages.
//
//go:noinline
func growStack(use int) byte {
	if use == 0 {
		return 0
	}
	var frame [stackBytes]byte
	frame[use%stackBytes] = 1
	return frame[use/2%stackBytes]
}
