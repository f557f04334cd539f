package footprint

// stackBytes is what the deepest part of a run, the TLS handshake, needs.
const stackBytes = 48 << 10

// GrowStack makes the calling goroutine's stack as large as a run will need it, while there is next to
// nothing on it. Growing it later, step by step, copies every frame each time, and reads for each the
// tables that describe it: a megabyte of the program that is needed for nothing else.
func GrowStack() { growStack(0) }

// growStack needs the room of its frame, and uses it only where it is not called to: the stack grows
// at the call, and no page of it is touched.
//
//go:noinline
func growStack(use int) byte {
	if use == 0 {
		return 0
	}
	var room [stackBytes]byte
	room[use%stackBytes] = 1
	return room[use/2%stackBytes]
}
