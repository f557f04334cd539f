package transport

// Version is the protocol's version, the "v" of every frame.
const Version = "1"

// Limits of a frame in both directions. What exceeds them is refused.
const (
	MaxFrameBytes = 4 << 20 // bytes of one line, without its LF
	MaxDepth      = 64      // nesting of objects and lists, the frame itself being 1
	MaxNameBytes  = 1 << 10 // bytes of v, source, target or method
)

// Limits of a peer's texts, which are only shown. Longer ones are truncated.
const (
	maxMessageBytes = 1 << 10 // bytes of an error's message
	maxTypeBytes    = 128     // bytes of an error's type
)

// Sizes of buffers. A frame that does not fit makes the reader's grow while it needs that.
const (
	readBuffer       = 4 << 10
	writeBuffer      = 16 << 10 // one TLS record
	firstWriteBuffer = 2 << 10  // what an endpoint answers in an ordinary session
	largeFrame       = 64 << 10 // more than any frame of an ordinary run
)
