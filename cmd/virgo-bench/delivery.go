package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"path/filepath"
	"time"
)

// delivery compares a flush with a bare TLS pipe of the same bytes.
func (b *bench) delivery(r *report) error {
	host, err := b.enrol("delivery", b.address)
	if err != nil {
		return err
	}
	n := b.cli.Delivered
	bytes, err := host.fill(b.ctx, n)
	if err != nil {
		return err
	}
	flush, err := host.run("flush")
	if err != nil {
		return err
	}
	stored, err := b.stored("delivery")
	if err != nil {
		return err
	}
	if stored != n {
		return fmt.Errorf("%d of %d results were stored", stored, n)
	}
	dir := b.path("endpoint")
	pipe, err := tlsPipe(filepath.Join(dir, "server.pem"), filepath.Join(dir, "server.key"), bytes)
	if err != nil {
		return err
	}
	r.add("delivery into the endpoint's store", float64(n)/flush.Wall.Seconds(), "results/s")
	r.add("delivery: the same bytes through a bare TLS pipe", float64(n)/pipe.Seconds(), "results/s")
	r.aimFloor("delivery, times the bare pipe", pipe.Seconds()/flush.Wall.Seconds(), "", deliveryRateRatio)
	return nil
}

// tlsPipe sends bytes through a TLS connection on loopback and gives the time until the other side has
// read the last one.
func tlsPipe(certFile, keyFile string, bytes int64) (time.Duration, error) {
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return 0, err
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		return 0, err
	}
	defer l.Close()
	read := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			read <- err
			return
		}
		defer conn.Close()
		_, err = io.CopyN(io.Discard, conn, bytes)
		read <- err
	}()
	start := time.Now()
	conn, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{InsecureSkipVerify: true})
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
