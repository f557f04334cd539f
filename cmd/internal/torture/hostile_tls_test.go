package torture

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"virgo/transport/transporttest"
)

// An attack is one way for an endpoint to misbehave.
type attack struct {
	name   string
	behave func(*hostileConn)
	// beforeTLS: behave gets the connection before TLS.
	beforeTLS bool
	// tlsConfig changes the TLS configuration; may be nil.
	tlsConfig func(*testing.T, *tls.Config)
	// backsOff: agents must back off after it, so that only `virgo flush` connects next.
	backsOff bool
	// exitCode is the exit code that `virgo run` must end with.
	exitCode int
	// multi: the agent knows that the endpoint takes several results in a frame.
	multi bool
}

// resetConn closes a connection by a TCP reset.
func resetConn(c *hostileConn) {
	if tcp, ok := c.raw.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	c.raw.Close()
}

// An intercepted connection passes each write of the TLS layer to write.
type intercepted struct {
	net.Conn
	write func(net.Conn, []byte) (int, error)
}

func (i intercepted) Write(b []byte) (int, error) { return i.write(i.Conn, b) }

// serveTLSThrough serves TLS through a connection whose writes are intercepted.
func serveTLSThrough(c *hostileConn, write func(net.Conn, []byte) (int, error)) {
	conn := tls.Server(intercepted{c.raw, write}, c.endpoint.tlsConfig())
	t := *c
	t.Conn = conn
	io.Copy(io.Discard, &t)
}

// tlsAttacks misbehave before or during the TLS handshake.
func tlsAttacks() []attack {
	bare := func(name string, act func(*hostileConn)) attack {
		return attack{name: name, behave: act, beforeTLS: true}
	}
	alert := func(level, kind byte) string { return string([]byte{21, 3, 3, 0, 2, level, kind}) }
	return []attack{
		bare("a reset at once", resetConn),
		bare("a close at once", func(c *hostileConn) {}),
		bare("silence at once", (*hostileConn).discardInput),
		bare("deaf at once", (*hostileConn).waitForClose),
		bare("plain text", func(c *hostileConn) { c.write("who goes there?\n"); c.discardInput() }),
		bare("an answer of HTTP", func(c *hostileConn) {
			c.write("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 12\r\n\r\nnot for you\n")
		}),
		bare("the banner of SSH", func(c *hostileConn) { c.write("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"); c.discardInput() }),
		bare("a mail server", func(c *hostileConn) { c.write("220 mail.example.com ESMTP ready\r\n"); c.discardInput() }),
		bare("JSON without TLS", func(c *hostileConn) {
			c.write(`{"v":"1","id":0,"source":"endpoint","target":"x","result":{}}` + "\n")
			c.discardInput()
		}),
		bare("random bytes without end", func(c *hostileConn) {
			b := make([]byte, 64<<10)
			chance := rand.NewChaCha8([32]byte{1})
			for {
				chance.Read(b)
				if _, err := c.Write(b); err != nil {
					return
				}
			}
		}),
		bare("zeros without end", func(c *hostileConn) { c.writeRepeatedly(strings.Repeat("\x00", 4096), 0) }),
		bare("TLS records of no length without end", func(c *hostileConn) { c.writeRepeatedly("\x16\x03\x03\x00\x00", 0) }),
		bare("application data of no length without end", func(c *hostileConn) { c.writeRepeatedly("\x17\x03\x03\x00\x00", 0) }),
		bare("change_cipher_spec without end", func(c *hostileConn) { c.writeRepeatedly("\x14\x03\x03\x00\x01\x01", 0) }),
		bare("an alert that is fatal", func(c *hostileConn) { c.write(alert(2, 40)); c.discardInput() }),
		bare("warnings without end", func(c *hostileConn) { c.writeRepeatedly(alert(1, 112), 0) }),
		bare("close_notify first", func(c *hostileConn) { c.write(alert(1, 0)); c.discardInput() }),
		bare("a record longer than TLS has", func(c *hostileConn) { c.write("\x16\x03\x03\xff\xff"); c.writeRepeatedly("\x02", 0) }),
		bare("a ServerHello of 16 MiB", func(c *hostileConn) {
			c.write("\x16\x03\x03\x40\x00\x02\xff\xff\xff" + strings.Repeat("x", 16380))
			c.writeRepeatedly("\x16\x03\x03\x40\x00"+strings.Repeat("x", 16384), 0)
		}),
		bare("a handshake record of one byte each without end", func(c *hostileConn) { c.writeRepeatedly("\x16\x03\x03\x00\x01\x02", 0) }),
		bare("a hello request instead of a ServerHello, without end", func(c *hostileConn) { c.writeRepeatedly("\x16\x03\x03\x00\x04\x00\x00\x00\x00", 0) }),
		bare("the agent's own bytes", func(c *hostileConn) { io.Copy(c, c) }),
		bare("a handshake of a byte each 50 ms", func(c *hostileConn) {
			serveTLSThrough(c, func(conn net.Conn, b []byte) (int, error) {
				t := hostileConn{Conn: conn, endpoint: c.endpoint}
				if !t.writeSlowly(string(b), 50*time.Millisecond) {
					return 0, io.ErrClosedPipe
				}
				return len(b), nil
			})
		}),
		bare("a handshake that stops in its midst", func(c *hostileConn) {
			left := 300
			serveTLSThrough(c, func(conn net.Conn, b []byte) (int, error) {
				n := min(left, len(b))
				left -= n
				_, err := conn.Write(b[:n])
				return len(b), err
			})
		}),
		bare("a handshake with one bit changed", func(c *hostileConn) {
			first := true
			serveTLSThrough(c, func(conn net.Conn, b []byte) (int, error) {
				if first {
					b = append([]byte(nil), b...)
					b[len(b)/2] ^= 4
					first = false
				}
				return conn.Write(b)
			})
		}),
		{name: "another's certificate", behave: (*hostileConn).discardInput, tlsConfig: func(t *testing.T, conf *tls.Config) {
			other, err := transporttest.NewAuthority()
			if err != nil {
				t.Fatal(err)
			}
			cert, err := other.Issue(transporttest.Certificate{})
			if err != nil {
				t.Fatal(err)
			}
			conf.Certificates = []tls.Certificate{cert}
		}},
		{name: "a chain of 200 certificates", behave: func(c *hostileConn) { c.serve(nil) }, tlsConfig: func(t *testing.T, conf *tls.Config) {
			cert := conf.Certificates[0]
			for len(cert.Certificate) < 200 {
				cert.Certificate = append(cert.Certificate, cert.Certificate[0])
			}
			conf.Certificates = []tls.Certificate{cert}
		}},
		{name: "a chain of 15 MiB of certificates", behave: (*hostileConn).discardInput, tlsConfig: func(t *testing.T, conf *tls.Config) {
			cert := conf.Certificates[0]
			for len(cert.Certificate) < 30_000 {
				cert.Certificate = append(cert.Certificate, cert.Certificate[0])
			}
			conf.Certificates = []tls.Certificate{cert}
		}},
		{name: "TLS 1.1 at most", behave: (*hostileConn).discardInput, tlsConfig: func(t *testing.T, conf *tls.Config) {
			conf.MinVersion, conf.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
		}},
		{name: "a certificate asked for, by a thousand authorities", behave: func(c *hostileConn) { c.serve(nil) }, tlsConfig: func(t *testing.T, conf *tls.Config) {
			conf.ClientAuth = tls.RequestClientCert
			conf.ClientCAs = x509.NewCertPool()
			a, err := transporttest.NewAuthority()
			if err != nil {
				t.Fatal(err)
			}
			for range 500 {
				cert, err := a.Issue(transporttest.Certificate{SelfSigned: true})
				if err != nil {
					t.Fatal(err)
				}
				conf.ClientCAs.AddCert(cert.Leaf)
			}
		}},
		{name: "a certificate required", behave: func(c *hostileConn) { c.serve(nil) }, tlsConfig: func(t *testing.T, conf *tls.Config) {
			conf.ClientAuth = tls.RequireAnyClientCert
		}},
		{name: "bytes under TLS after the handshake", behave: func(c *hostileConn) {
			c.hello()
			io.WriteString(c.raw, strings.Repeat("garbage ", 10_000))
			c.discardInput()
		}},
		{name: "a new handshake within the session", behave: func(c *hostileConn) {
			c.hello()
			io.WriteString(c.raw, "\x16\x03\x03\x00\x04\x00\x00\x00\x00")
			c.discardInput()
		}},
		{name: "an alert in the clear within the session", behave: func(c *hostileConn) {
			c.hello()
			io.WriteString(c.raw, alert(2, 80))
			c.discardInput()
		}},
		{name: "a reset after the handshake", behave: func(c *hostileConn) { c.hello(); resetConn(c) }},
		{name: "an end without close_notify", behave: func(c *hostileConn) {
			f, _ := c.hello()
			c.answer(f, welcome)
			if half, ok := c.raw.(*net.TCPConn); ok {
				half.CloseWrite()
			}
			io.Copy(io.Discard, c.raw)
		}},
		{name: "close_notify, and then nothing", behave: func(c *hostileConn) {
			f, _ := c.hello()
			c.answer(f, welcome)
			c.Conn.(*tls.Conn).CloseWrite()
			c.waitForClose()
		}},
	}
}
