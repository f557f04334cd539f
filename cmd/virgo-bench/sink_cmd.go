package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"path/filepath"
)

// sinkCmd is a server that only does TLS, with an endpoint's certificate: what a session costs is compared with it.
// It is a process of its own, because its CPU is measured.
type sinkCmd struct {
	Dir string `required:"" help:"The endpoint's folder."`
}

// Run serves until the program is terminated.
func (c *sinkCmd) Run(s *streams) error {
	cert, err := tls.LoadX509KeyPair(filepath.Join(c.Dir, "server.pem"), filepath.Join(c.Dir, "server-key.pem"))
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() {
		<-s.ctx.Done()
		l.Close()
	}()
	fmt.Fprintln(s.out, "listening on", l.Addr())
	config := &tls.Config{Certificates: []tls.Certificate{cert}}
	for {
		conn, err := l.Accept()
		if err != nil {
			return nil // it was closed
		}
		go func() {
			defer conn.Close()
			c := tls.Server(conn, config)
			io.Copy(io.Discard, c)
			c.Close()
		}()
	}
}
