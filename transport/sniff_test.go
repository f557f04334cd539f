package transport_test

import (
	"crypto/tls"
	"errors"
	"net"
)

// sniff returns the server name that a TLS client sends.
func sniff(conn net.Conn) string {
	var name string
	tls.Server(conn, &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		name = hello.ServerName
		return nil, errors.New("that is all")
	}}).Handshake()
	return name
}
