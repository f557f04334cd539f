package endpoint

import (
	"time"

	"virgo/transport/receipt"
)

// Bounds on what a peer may say, whoever it is.
const (
	// MaxIDBytes bounds an agent's id, a check's id and type, a frame's source.
	MaxIDBytes = 256
	// MaxResultIDBytes bounds a result's id, which may hold its agent's.
	MaxResultIDBytes = MaxIDBytes + 64
	// MaxRefusals of an agent are remembered, the last ones: as many as one receipt can name.
	MaxRefusals = receipt.MaxRefused
	// MaxStatusRunes bounds a result's status.
	MaxStatusRunes = 256
	// MaxNameBytes bounds an agent's name and its versions.
	MaxNameBytes = 256
	// maxTokenBytes bounds a token that is looked up.
	maxTokenBytes = 1024
	// maxQueued bounds the requests that wait to be sent to one agent, and those whose answers are due.
	maxQueued = 64
)

// Limits are the bounds of a server. A zero field means the default.
type Limits struct {
	// Connections open at a time, default 1024; another one is closed at once.
	Connections int
	// AgentsPerConnection are the sources that one connection (a relay) may carry, default 1000.
	AgentsPerConnection int
	// UnderWay are the requests of one connection whose answers are not sent yet, default 512; past
	// them the connection is read no further.
	UnderWay int
	// PendingBytes are the params of all connections' posts that are not committed yet, default 64 MiB;
	// past them no connection is read further.
	PendingBytes int64
	// FailedHellos that one connection may try, default 3; then it is closed.
	FailedHellos int
	// StrangerFrameBytes bounds a frame of a connection before its first good hello, default 128 KiB.
	StrangerFrameBytes int
	// LargeFrames are the frames larger than StrangerFrameBytes that may be read at a time, default 16;
	// with transport.MaxFrameBytes it bounds the memory that a flood of them takes.
	LargeFrames int
	// Hello is the time from the TCP connection to the first good hello, TLS in it, default 10 s.
	Hello time.Duration
	// Idle is the time between two whole frames, default 3 min: three heartbeats.
	Idle time.Duration
	// Heartbeat is the interval that agents are told, default 1 min.
	Heartbeat time.Duration
	// Write is the time that a peer may take to read what was sent, default 30 s.
	Write time.Duration
	// Linger is the time for a peer to read the last answers before its connection is closed under
	// what it still sends, default 1 s.
	Linger time.Duration
}

func (l Limits) orDefaults() Limits {
	orDefault(&l.Connections, 1024)
	orDefault(&l.AgentsPerConnection, 1000)
	orDefault(&l.UnderWay, 512)
	orDefault(&l.PendingBytes, 64<<20)
	orDefault(&l.FailedHellos, 3)
	orDefault(&l.StrangerFrameBytes, 128<<10)
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
