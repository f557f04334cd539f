package main

import (
	"bufio"
	"crypto/tls"
	"net"
	"os"
)

// The budgets of `virgo run`.
const (
	peakBudgetMiB   = 8
	anonBudgetMiB   = 2
	cpuBudgetRatio  = 1.5
	binaryBudgetMB  = 14
	roundTripBudget = 3
)

// runs measures `virgo run` beside the bare program, in turns.
func (b *bench) runs(r *report) error {
	host, err := b.enrol("runs", b.address)
	if err != nil {
		return err
	}
	sink, err := b.newSink()
	if err != nil {
		return err
	}
	defer sink.Close()
	both := func() (pair, error) {
		agent, err := host.run("run", "--strict")
		if err != nil {
			return pair{}, err
		}
		bare, err := b.runBare(sink.Addr().String())
		return pair{agent, bare}, err
	}
	pairs, err := b.turns(host, checks, both)
	if err != nil {
		return err
	}
	info, err := os.Stat(b.agent)
	if err != nil {
		return err
	}
	r.add("virgo run: wall", medianOf(as(pairs), wallMS), "ms")
	r.add("bare program: wall", medianOf(bs(pairs), wallMS), "ms")
	r.add("virgo run: CPU", medianOf(as(pairs), cpuMS), "ms")
	r.add("bare program: CPU", medianOf(bs(pairs), cpuMS), "ms")
	r.atMost("virgo run: CPU, times the bare program's", ratio(pairs, cpuMS), "", cpuBudgetRatio)
	if medianOf(as(pairs), peakMiB) > 0 {
		r.atMost("virgo run: peak resident", medianOf(as(pairs), peakMiB), "MiB", peakBudgetMiB)
		r.add("bare program: peak resident", medianOf(bs(pairs), peakMiB), "MiB")
	}
	if medianOf(as(pairs), anonMiB) > 0 {
		r.atMost("virgo run: anonymous", medianOf(as(pairs), anonMiB), "MiB", anonBudgetMiB)
		r.add("bare program: anonymous", medianOf(bs(pairs), anonMiB), "MiB")
	}
	r.atMost("binary of virgo", float64(info.Size())/1e6, "MB", binaryBudgetMB)
	return nil
}

// listenTLS listens on loopback with the endpoint's certificate.
func (b *bench) listenTLS() (net.Listener, error) {
	cert, err := tls.LoadX509KeyPair(b.path("store", "server.pem"), b.path("store", "server-key.pem"))
	if err != nil {
		return nil, err
	}
	return tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
}

// newSink is the peer of the bare program: it reads a line and answers with an empty one.
func (b *bench) newSink() (net.Listener, error) {
	l, err := b.listenTLS()
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if _, err := bufio.NewReader(conn).ReadBytes('\n'); err == nil {
					conn.Write([]byte{'\n'})
				}
			}()
		}
	}()
	return l, nil
}
