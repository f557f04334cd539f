package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// What a hundred checks due at once may cost beside the seven host checks.
const (
	hundred            = 100
	slowMS             = 2000 // what each of them takes
	hundredMoreWallMS  = 1000
	hundredMorePeakMiB = 4
)

// sleeper is a plugin that takes slowMS and then says one thing.
const sleeper = `#!/bin/sh
sleep 2
echo "status slept"
echo "metric seconds int 2"
`

// hundredAtOnce compares runs of the seven host checks alone with runs that have a hundred slow checks due besides, in
// turns: first plugins, then checks of TCP ports, which the program virgo-checks runs.
func (b *bench) hundredAtOnce(r *report) error {
	seven, err := b.enrol("seven", b.address)
	if err != nil {
		return err
	}
	plugins, err := b.enrol("plugins", b.address)
	if err != nil {
		return err
	}
	if err := plugins.addPlugins(hundred); err != nil {
		return err
	}
	if err := b.hundredOf(r, "plugins", plugins, seven); err != nil {
		return err
	}
	ports, err := b.enrol("ports", b.address)
	if err != nil {
		return err
	}
	slow, err := slowListener()
	if err != nil {
		return err
	}
	defer slow.Close()
	if err := ports.addChecks(hundred, fmt.Sprintf("type: remote.tcp, period: 1, details: {target: 127.0.0.1, port: %d, banner_match: day}",
		slow.Addr().(*net.TCPAddr).Port)); err != nil {
		return err
	}
	return b.hundredOf(r, "remote.tcp", ports, seven)
}

func (b *bench) hundredOf(r *report, what string, many, seven *subject) error {
	pairs, err := b.turns(many, checks+hundred, runsOf(many, seven))
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%d %s of 2 s at once: ", hundred, what)
	r.atMost(name+"wall past the slowest", medianOf(as(pairs), wallMS)-slowMS, "ms", hundredMoreWallMS)
	r.add(name+"CPU, their own included", medianOf(as(pairs), cpuMS), "ms")
	if medianOf(as(pairs), peakMiB) > 0 {
		r.add(name+"peak resident of virgo", medianOf(as(pairs), peakMiB), "MiB")
		r.atMost(name+"more peak resident", more(pairs, peakMiB), "MiB", hundredMorePeakMiB)
	}
	return nil
}

// addPlugins gives the host n plugins of its own, due in every run.
func (s *subject) addPlugins(n int) error {
	folder := s.bench.path(s.name, "plugins")
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	s.flags = []string{"--plugins", folder}
	if err := os.WriteFile(filepath.Join(folder, "sleeper.sh"), []byte(sleeper), 0o755); err != nil {
		return err
	}
	return s.addChecks(n, "type: agent.plugin, period: 1, details: {file: sleeper.sh}")
}

// addChecks gives the host n checks that are alike.
func (s *subject) addChecks(n int, check string) error {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "- {id: slow%d, %s}\n", i, check)
	}
	return os.WriteFile(s.bench.path(s.name, "checks.d", "slow.yaml"), []byte(text.String()), 0o600)
}

// slowListener greets whoever comes after slowMS.
func slowListener() (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			time.AfterFunc(slowMS*time.Millisecond, func() {
				conn.Write([]byte("220 good day\r\n")) // a client that left has seen enough
				conn.Close()
			})
		}
	}()
	return l, nil
}
