package main

import (
	"fmt"
	"log/slog"

	"virgo/cmd/virgo-endpoint/internal/server"
)

// A limitFlags are the bounds of serve that its owner may need to change. Each help says what the bound
// costs; the memory was measured as the process's resident size with a thousand connections of the kind.
type limitFlags struct {
	Connections      int   `name:"max-connections" default:"8192" env:"VIRGO_ENDPOINT_MAX_CONNECTIONS" placeholder:"N" group:"Limits" help:"Open connections, of which a session takes 52 KiB of memory; more wait in the system's queue. Default: ${default}."`
	Mute             int   `name:"max-mute" default:"6144" env:"VIRGO_ENDPOINT_MAX_MUTE" placeholder:"N" group:"Limits" help:"Connections that have sent nothing yet, 7 KiB each; one address may have half of them. Default: ${default}."`
	Served           int   `name:"max-served" default:"512" env:"VIRGO_ENDPOINT_MAX_SERVED" placeholder:"N" group:"Limits" help:"Connections that are served at a time, 23 KiB each before hello and 52 after it; an address may have a quarter of them before hello. Idle sessions do not count. Default: ${default}."`
	Queue            int   `name:"max-queue" default:"6144" env:"VIRGO_ENDPOINT_MAX_QUEUE" placeholder:"N" group:"Limits" help:"Connections that wait to be served, 13 KiB each, before agents are told to come back within a minute or two. Who has waited for 4 seconds is told so as well. Default: ${default}."`
	LargeFrames      int   `name:"max-large-frames" default:"16" env:"VIRGO_ENDPOINT_MAX_LARGE_FRAMES" placeholder:"N" group:"Limits" help:"Frames above 128 KiB that arrive at a time, up to 4 MiB each; those of one token have three quarters of them. Default: ${default}."`
	PendingMiB       int64 `name:"max-pending" default:"64" env:"VIRGO_ENDPOINT_MAX_PENDING" placeholder:"MIB" group:"Limits" help:"MiB of results that were received and are not stored yet, expanded; they take that much memory. Backlogs may have three quarters of it, so that fresh results do not wait for them. Default: ${default}."`
	TokenConnections int   `name:"token-connections" default:"2048" env:"VIRGO_ENDPOINT_TOKEN_CONNECTIONS" placeholder:"N" group:"Limits" help:"Connections of the agents of one token. Default: ${default}."`
	TokenAgents      int   `name:"token-agents" default:"20000" env:"VIRGO_ENDPOINT_TOKEN_AGENTS" placeholder:"N" group:"Limits" help:"Agents that may use one token within a day, 0.3 KiB of memory each. Default: ${default}."`
	TokenRequests    int64 `name:"token-requests" default:"1200000" env:"VIRGO_ENDPOINT_TOKEN_REQUESTS" placeholder:"N" group:"Limits" help:"Results and other requests of the agents of one token in a minute. Default: ${default}."`
	TokenMiB         int64 `name:"token-bytes" default:"1024" env:"VIRGO_ENDPOINT_TOKEN_BYTES" placeholder:"MIB" group:"Limits" help:"MiB from the agents of one token in a minute, after they are expanded, all of which may go to disk. Default: ${default}."`
	AgentRequests    int64 `name:"agent-requests" default:"120000" env:"VIRGO_ENDPOINT_AGENT_REQUESTS" placeholder:"N" group:"Limits" help:"Results and other requests of one agent in a minute; ten times as many at once for a backlog. Default: ${default}."`
	Downloads        int   `name:"max-downloads" default:"64" env:"VIRGO_ENDPOINT_MAX_DOWNLOADS" placeholder:"N" group:"Limits" help:"Bundles of checks that are fetched at a time; more are told to come back in a minute. Default: ${default}."`
	AddressDownloads int   `name:"address-downloads" default:"4" env:"VIRGO_ENDPOINT_ADDRESS_DOWNLOADS" placeholder:"N" group:"Limits" help:"Those of one address: raise it where many hosts come from one, as behind NAT. Default: ${default}."`
	AgentMiB         int64 `name:"agent-bytes" default:"128" env:"VIRGO_ENDPOINT_AGENT_BYTES" placeholder:"MIB" group:"Limits" help:"MiB from one agent in a minute, after they are expanded, all of which may go to disk; ten times as much at once for a backlog. Default: ${default}."`
}

// Shares of a bound.
const (
	mutePerAddress     = 2 // of --max-mute: a half
	greetingPerAddress = 4 // of --max-served: a quarter
	// tokensLargeFrames in largeFrameParts are the large frames of one token.
	tokensLargeFrames, largeFrameParts = 3, 4

	mib = 1 << 20
)

// Validate is called by kong.
func (f *limitFlags) Validate() error {
	for _, v := range [...]struct {
		name     string
		value    int64
		from, to int64
	}{
		{"max-connections", int64(f.Connections), 16, 1 << 20},
		{"max-mute", int64(f.Mute), 2, 1 << 20},
		{"max-served", int64(f.Served), 4, 1 << 20},
		{"max-queue", int64(f.Queue), 1, 1 << 20},
		{"max-large-frames", int64(f.LargeFrames), 1, 1 << 16},
		{"max-downloads", int64(f.Downloads), 1, 1 << 16},
		{"address-downloads", int64(f.AddressDownloads), 1, 1 << 16},
		{"max-pending", f.PendingMiB, 4, 1 << 20},
		{"token-connections", int64(f.TokenConnections), 1, 1 << 20},
		{"token-agents", int64(f.TokenAgents), 1, 1 << 30},
		{"token-requests", f.TokenRequests, 1, 1 << 40},
		{"token-bytes", f.TokenMiB, 1, 1 << 30},
		{"agent-requests", f.AgentRequests, 1, 1 << 40},
		{"agent-bytes", f.AgentMiB, 1, 1 << 30},
	} {
		if v.value < v.from || v.value > v.to {
			return fmt.Errorf("--%s is %d, and has to be from %d to %d", v.name, v.value, v.from, v.to)
		}
	}
	return nil
}

// ownDescriptors are the files that the endpoint needs besides its connections: the store, schedules.
const ownDescriptors = 128

// fit lowers the number of connections to what the system lets this process have, and logs it.
func (f *limitFlags) fit(log *slog.Logger) {
	n, ok := descriptors()
	if most := int(max(n-ownDescriptors, n/2)); ok && most < f.Connections {
		log.Warn("fewer connections: the system's limit of open files is low (ulimit -n, LimitNOFILE=)",
			"open_files", n, "connections", most, "wanted", f.Connections)
		f.Connections = most
	}
}

func (f *limitFlags) limits() server.Limits {
	return server.Limits{
		Connections:         f.Connections,
		Mute:                f.Mute,
		MutePerAddress:      max(1, f.Mute/mutePerAddress),
		Served:              f.Served,
		GreetingPerAddress:  max(1, f.Served/greetingPerAddress),
		Queue:               f.Queue,
		LargeFrames:         f.LargeFrames,
		LargeFramesPerToken: max(1, f.LargeFrames*tokensLargeFrames/largeFrameParts),
		Downloads:           f.Downloads,
		DownloadsPerAddress: f.AddressDownloads,
		PendingBytes:        f.PendingMiB * mib,
		ConnectionsPerToken: f.TokenConnections,
		AgentsPerToken:      f.TokenAgents,
		RequestsPerToken:    f.TokenRequests,
		BytesPerToken:       f.TokenMiB * mib,
		RequestsPerAgent:    f.AgentRequests,
		BytesPerAgent:       f.AgentMiB * mib,
	}
}
