package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"time"
)

// deliveryRatio is the least part of a bare connection's speed that delivery is to have; at first
// 0.1 suffices.
const deliveryRatio = 0.25

// wireRatio is the greatest part of a backlog's plain JSON that goes over the wire, TLS included.
const wireRatio = 0.25

// delivery compares `virgo flush` with a bare TLS connection that transfers the same bytes, in turns. When
// a flush ends, its results are synced in the endpoint's store; the bare bytes are discarded.
func (b *bench) delivery(r *report) error {
	host, err := b.enrol("delivery", b.address)
	if err != nil {
		return err
	}
	sink, err := b.listenTLS()
	if err != nil {
		return err
	}
	defer sink.Close()
	n := b.cli.Delivered
	var virgo, bare series
	for i := range b.cli.Runs + 1 {
		bytes, err := host.fill(n)
		if err != nil {
			return err
		}
		before, err := b.stored(host.name)
		if err != nil {
			return err
		}
		flush, err := host.command("flush", "--deadline", "10m")
		if err != nil {
			return err
		}
		if err := b.expectStored(host.name, before, n); err != nil {
			return err
		}
		took, err := send(sink, bytes)
		if err != nil {
			return fmt.Errorf("bare TLS connection: %w", err)
		}
		if i > 0 { // the first warms up
			virgo, bare = append(virgo, flush), append(bare, sample{Wall: took})
		}
	}
	r.section("Delivery of a backlog")
	rate := func(s sample) float64 { return float64(n) / s.Wall.Seconds() }
	r.add(fmt.Sprintf("virgo flush of %d, into the endpoint's store", n), virgo.median(rate), "results/s")
	r.add("bare TLS connection, the same bytes", bare.median(rate), "results/s")
	r.atLeast("virgo flush, times the bare connection's speed", virgo.ratio(bare, rate), "", deliveryRatio).Aim = true
	return nil
}

// wire counts the bytes that a backlog takes on the wire.
func (b *bench) wire(r *report) error {
	relay, err := newRelay(b.address, 0)
	if err != nil {
		return err
	}
	defer relay.Close()
	host, err := b.enrol("wire", relay.Addr().String())
	if err != nil {
		return err
	}
	// Not measured: fetches the schedule and learns the endpoint's features.
	if _, err := host.run("--strict"); err != nil {
		return err
	}
	before, err := b.stored(host.name)
	if err != nil {
		return err
	}
	bytes, err := host.fill(b.cli.Delivered)
	if err != nil {
		return err
	}
	relay.takeSent()
	if _, err := host.command("flush", "--deadline", "10m"); err != nil {
		return err
	}
	if err := b.expectStored(host.name, before, b.cli.Delivered); err != nil {
		return err
	}
	r.atMost("virgo flush: bytes on the wire, times the results as JSON", float64(relay.takeSent())/float64(bytes), "", wireRatio)
	return nil
}

// send sends n bytes through a TLS connection and returns the time until the other side has read
// the last one.
func send(to net.Listener, bytes int64) (time.Duration, error) {
	read := make(chan error, 1)
	go func() {
		conn, err := to.Accept()
		if err == nil {
			_, err = io.CopyN(io.Discard, conn, bytes)
			conn.Close()
		}
		read <- err
	}()
	start := time.Now()
	conn, err := tls.Dial("tcp", to.Addr().String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	chunk := make([]byte, 16<<10)
	for left := bytes; left > 0; left -= int64(len(chunk)) {
		if left < int64(len(chunk)) {
			chunk = chunk[:left]
		}
		if _, err := conn.Write(chunk); err != nil {
			return 0, err
		}
	}
	err = <-read
	return time.Since(start), err
}
