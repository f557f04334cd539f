package main

import (
	"testing"

	"github.com/alecthomas/kong"

	"virgo/cmd/virgo-endpoint/internal/server"
)

// Without flags the limits are the server's own defaults, as PROTOCOL.md has them.
func TestLimitFlags(t *testing.T) {
	parse := func(args ...string) (*serveCmd, error) {
		var c cli
		parser, err := kong.New(&c, kong.Exit(func(int) {}), kong.Vars{"version": ""})
		if err != nil {
			t.Fatal(err)
		}
		_, err = parser.Parse(append([]string{"serve"}, args...))
		return &c.Serve, err
	}
	c, err := parse()
	if err != nil {
		t.Fatal(err)
	}
	got, want := c.limits(), server.Limits{}.OrDefaults()
	zero := server.Limits{}
	for _, f := range []struct {
		name      string
		got, want any
	}{
		{"Connections", got.Connections, want.Connections},
		{"Mute", got.Mute, want.Mute},
		{"MutePerAddress", got.MutePerAddress, want.MutePerAddress},
		{"Served", got.Served, want.Served},
		{"GreetingPerAddress", got.GreetingPerAddress, want.GreetingPerAddress},
		{"Queue", got.Queue, want.Queue},
		{"LargeFrames", got.LargeFrames, want.LargeFrames},
		{"LargeFramesPerToken", got.LargeFramesPerToken, want.LargeFramesPerToken},
		{"Downloads", got.Downloads, want.Downloads},
		{"DownloadsPerAddress", got.DownloadsPerAddress, want.DownloadsPerAddress},
		{"PendingBytes", got.PendingBytes, want.PendingBytes},
		{"ConnectionsPerToken", got.ConnectionsPerToken, want.ConnectionsPerToken},
		{"AgentsPerToken", got.AgentsPerToken, want.AgentsPerToken},
		{"RequestsPerToken", got.RequestsPerToken, want.RequestsPerToken},
		{"BytesPerToken", got.BytesPerToken, want.BytesPerToken},
		{"RequestsPerAgent", got.RequestsPerAgent, want.RequestsPerAgent},
		{"BytesPerAgent", got.BytesPerAgent, want.BytesPerAgent},
		{"Hello", got.Hello, zero.Hello},
	} {
		if f.got != f.want {
			t.Errorf("%s is %v, by default %v", f.name, f.got, f.want)
		}
	}
	for _, bad := range []string{"--max-connections=0", "--max-served=-1", "--token-bytes=0", "--max-mute=x"} {
		if _, err := parse(bad); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
	c, err = parse("--max-large-frames=1", "--max-mute=9", "--agent-bytes=2")
	if l := c.limits(); err != nil || l.LargeFramesPerToken != 1 || l.MutePerAddress != 4 || l.BytesPerAgent != 2<<20 {
		t.Errorf("%+v, %v", l, err)
	}
}
