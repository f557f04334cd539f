package main

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

// The budgets of a hundred checks that are due at once, in addition to the seven host checks.
const (
	hundred            = 100
	slowMS             = 2000 // what each of them takes
	hundredMoreWallMS  = 1000
	hundredMorePeakMiB = 4
)

// sleeper is a plugin that waits for slowMS and then prints one metric.
const sleeper = `#!/bin/sh
sleep 2
echo "status slept"
echo "metric seconds int 2"
`

// hundredAtOnce compares runs of the seven host checks alone with runs in which a hundred slow checks are
// due as well, in turns: of plugins, and of TCP ports, which virgo checks as a worker.
func (b *bench) hundredAtOnce(r *report) error {
	slow, err := slowListener()
	if err != nil {
		return err
	}
	defer slow.Close()
	seven, err := b.enrol("seven", b.address)
	if err != nil {
		return err
	}
	plugins, err := b.enrol("plugins", b.address)
	if err != nil {
		return err
	}
	ports, err := b.enrol("ports", b.address)
	if err != nil {
		return err
	}
	err = errors.Join(
		plugins.addPlugins(hundred),
		ports.addChecks(hundred, "remote.tcp",
			"target", "127.0.0.1", "port", strconv.Itoa(slow.Addr().(*net.TCPAddr).Port), "banner_match", "day"),
	)
	if err != nil {
		return err
	}
	const all = checks + hundred
	samples, err := b.turns(seven.contender(checks), plugins.contender(all), ports.contender(all))
	if err != nil {
		return err
	}
	r.section("A hundred slow checks at once")
	r.hundredOf("plugins", samples[1], samples[0])
	r.hundredOf("remote.tcp", samples[2], samples[0])
	return nil
}

func (r *report) hundredOf(what string, many, seven series) {
	name := fmt.Sprintf("%d %s of 2 s: ", hundred, what)
	r.atMost(name+"wall past the slowest", many.median(wallMS)-slowMS, "ms", hundredMoreWallMS)
	r.add(name+"CPU, their own included", many.median(cpuMS), "ms")
	if many.median(peakMiB) > 0 {
		r.add(name+"peak resident", many.median(peakMiB), "MiB")
		r.atMost(name+"more peak resident than the plain run", many.more(seven, peakMiB), "MiB", hundredMorePeakMiB)
	}
}

// addPlugins adds a plugin and n checks that run it, due in every run, to the host's configuration.
func (s *subject) addPlugins(n int) error {
	if err := s.installPlugin("sleeper.sh", sleeper); err != nil {
		return err
	}
	return s.addChecks(n, "agent.plugin", "file", "sleeper.sh")
}

// slowListener accepts connections and sends a banner on each after slowMS.
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
				conn.Write([]byte("220 good day\r\n")) // a client that has gone needs no banner
				conn.Close()
			})
		}
	}()
	return l, nil
}
