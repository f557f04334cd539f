package server

import "time"

const (
	// maxTokenBytes is the length of the longest token that is looked up.
	maxTokenBytes = 1024
	// maxQueued bounds the queued requests to one agent, and those that it has not answered yet.
	maxQueued = 64
)

// Limits bound the resources that peers may use. A zero field means the default.
type Limits struct {
	// Connections bounds the open connections, default 1024; further ones are closed at once.
	Connections int
	// AgentsPerConnection bounds the sources on one connection (a relay), default 1000.
	AgentsPerConnection int
	// InProgress bounds the requests of one connection whose answers are not sent yet, default 512. At
	// the limit the connection is not read.
	InProgress int
	// PendingBytes bounds the params of all connections' posts that are not stored yet, default 64 MiB.
	// At the limit no connection is read.
	PendingBytes int64
	// FailedHellos is the number of failed hellos after which a connection is closed, default 3.
	FailedHellos int
	// UnauthenticatedFrameBytes bounds a frame before the first successful hello, default 128 KiB.
	UnauthenticatedFrameBytes int
	// LargeFrames bounds the frames larger than UnauthenticatedFrameBytes that are read at a time,
	// default 16. Times transport.MaxFrameBytes it is the memory that they can use.
	LargeFrames int
	// Hello bounds the time from accepting the connection to the first successful hello, TLS included,
	// default 10 s.
	Hello time.Duration
	// Idle bounds the time between two complete frames, default 3 min: three heartbeats.
	Idle time.Duration
	// Heartbeat is the interval that hello announces, default 1 min.
	Heartbeat time.Duration
	// Write bounds the time that a peer may take to read an answer, default 30 s.
	Write time.Duration
	// Linger bounds the time that a peer has to read the last answers before its connection is closed,
	// whatever it still sends, default 1 s.
	Linger time.Duration
}

func (l Limits) orDefaults() Limits {
	orDefault(&l.Connections, 1024)
	orDefault(&l.AgentsPerConnection, 1000)
	orDefault(&l.InProgress, 512)
	orDefault(&l.PendingBytes, 64<<20)
	orDefault(&l.FailedHellos, 3)
	orDefault(&l.UnauthenticatedFrameBytes, 128<<10)
	orDefault(&l.LargeFrames, 16)
	orDefault(&l.Hello, 10*time.Second)
	orDefault(&l.Idle, 3*time.Minute)
	orDefault(&l.Heartbeat, time.Minute)
	orDefault(&l.Write, 30*time.Second)
	orDefault(&l.Linger, time.Second)
	return l
}

func orDefault[T ~int | ~int64](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}
