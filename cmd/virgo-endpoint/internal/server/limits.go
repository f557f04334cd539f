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
	// Connections bounds the open connections, default 8192; further ones stay in the kernel's queue.
	Connections int
	// Mute bounds the connections that sent nothing yet, default 6144, MutePerAddress those of one
	// address (of IPv6: one /64), default 3072. A further one replaces the oldest of the address that
	// has the most.
	Mute, MutePerAddress int
	// Served bounds the connections that are served, default 512: TLS, hello, HTTP, and sessions that
	// are not idle, which count for at most half of it.
	Served int
	// GreetingPerAddress bounds those of one address before hello, default 128.
	GreetingPerAddress int
	// Queue is how many connections may wait to be served before further ones are refused with a rate
	// limit, default 6144; Refusing how many are refused at a time, default 128.
	Queue, Refusing int
	// ConnectionsPerToken bounds the connections with sessions of one token, default 2048.
	ConnectionsPerToken int
	// AgentsPerToken bounds the agents that use one token within a day, default 20,000.
	AgentsPerToken int
	// AgentsPerConnection bounds the sources on one connection (a relay), default 1000.
	AgentsPerConnection int
	// RequestsPerAgent and RequestsPerToken bound the requests of an agent and of all agents of a token,
	// each result being one, stored or refused, and a frame without any too, in a minute; defaults 120,000 and 1,200,000. An agent may use ten
	// times as many at once after a pause, for its backlog.
	RequestsPerAgent, RequestsPerToken int64
	// BytesPerAgent and BytesPerToken bound the bytes of their params in a minute; defaults 128 MiB and
	// 1 GiB. An agent may use ten times as many at once after a pause.
	BytesPerAgent, BytesPerToken int64
	// InProgress bounds the requests of one connection whose answers are not sent yet, default 128. At
	// the limit the connection is not read.
	InProgress int
	// PendingBytes bounds the params of all connections' posts that are not stored yet, expanded, default
	// 64 MiB. Backlogs may have three quarters of it. At the limit no connection is read.
	PendingBytes int64
	// Downloads bounds the files that are fetched at a time, default 64, DownloadsPerAddress those of one address (of
	// IPv6: one /64), default 4. Further ones are answered with 503.
	Downloads, DownloadsPerAddress int
	// FailedHellos is the number of failed hellos after which a connection is closed, default 3.
	FailedHellos int
	// UnauthenticatedFrameBytes bounds a frame before the first successful hello, default 128 KiB.
	UnauthenticatedFrameBytes int
	// LargeFrames bounds the frames larger than UnauthenticatedFrameBytes that are read at a time,
	// default 16; LargeFramesPerToken those of one token, default 12. LargeFrames times
	// transport.MaxFrameBytes is the memory that they can use.
	LargeFrames, LargeFramesPerToken int
	// FirstByte bounds the time from accepting a connection to its first byte, default 2 s.
	FirstByte time.Duration
	// Turn bounds the time that a connection waits for its turn, default 8 s: an agent waits for 10 s. After
	// half of it the connection is refused with a rate limit, if that is possible in time.
	Turn time.Duration
	// Hello bounds the time from a connection's turn to the first successful hello, TLS included, or to
	// the end of an HTTP request; default 5 s.
	Hello time.Duration
	// Idle bounds the time between two complete frames, default 3 min: three heartbeats.
	Idle time.Duration
	// Frame bounds the time that one frame may take, default 2 min.
	Frame time.Duration
	// Heartbeat is the interval that hello announces, default 1 min.
	Heartbeat time.Duration
	// Write bounds the time that a peer may take to read an answer, default 30 s.
	Write time.Duration
	// Linger bounds the time that a peer has to read the last answers before its connection is closed,
	// whatever it still sends, default 1 s.
	Linger time.Duration
}

// OrDefaults returns the limits and replaces each zero field by its default.
func (l Limits) OrDefaults() Limits {
	orDefault(&l.Connections, 8192)
	orDefault(&l.Mute, 6144)
	orDefault(&l.MutePerAddress, 3072)
	orDefault(&l.Served, 512)
	orDefault(&l.GreetingPerAddress, 128)
	orDefault(&l.Queue, 6144)
	orDefault(&l.Refusing, 128)
	orDefault(&l.ConnectionsPerToken, 2048)
	orDefault(&l.AgentsPerToken, 20_000)
	orDefault(&l.AgentsPerConnection, 1000)
	orDefault(&l.RequestsPerAgent, 120_000)
	orDefault(&l.RequestsPerToken, 1_200_000)
	orDefault(&l.BytesPerAgent, 128<<20)
	orDefault(&l.BytesPerToken, 1<<30)
	orDefault(&l.InProgress, 128)
	orDefault(&l.PendingBytes, 64<<20)
	orDefault(&l.Downloads, 64)
	orDefault(&l.DownloadsPerAddress, 4)
	orDefault(&l.FailedHellos, 3)
	orDefault(&l.UnauthenticatedFrameBytes, 128<<10)
	orDefault(&l.LargeFrames, 16)
	orDefault(&l.LargeFramesPerToken, 12)
	orDefault(&l.FirstByte, 2*time.Second)
	orDefault(&l.Turn, 8*time.Second)
	orDefault(&l.Hello, 5*time.Second)
	orDefault(&l.Idle, 3*time.Minute)
	orDefault(&l.Frame, 2*time.Minute)
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
