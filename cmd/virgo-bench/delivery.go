package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"time"
)

// deliveryRatio is the least part of a bare connection's speed that delivery is to have.
const deliveryRatio = 0.5

// delivery compares `virgo flush` with a bare TLS connection that carries the same bytes, in turns. The
// results of the flush are in the endpoint's store, synced, when it ends; the bare bytes are thrown away.
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
	var pairs []pair
	for i := range b.cli.Runs + 1 {
		bytes, err := host.fill(n)
		if err != nil {
			return err
		}
		before, err := b.stored(host.name)
		if err != nil {
			return err
		}
		flush, err := host.run("flush", "--deadline", "10m")
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
			pairs = append(pairs, pair{flush, sample{Wall: took}})
		}
	}
	rate := func(s sample) float64 { return float64(n) / s.Wall.Seconds() }
	r.add(fmt.Sprintf("virgo flush of %d, into the endpoint's store", n), medianOf(as(pairs), rate), "results/s")
	r.add("bare TLS connection, the same bytes", medianOf(bs(pairs), rate), "results/s")
	r.atLeast("virgo flush, times the bare connection's speed", ratio(pairs, rate), "", deliveryRatio).Aim = true
	return nil
}

// send carries so many bytes through a TLS connection and gives the time until the other side has read
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
