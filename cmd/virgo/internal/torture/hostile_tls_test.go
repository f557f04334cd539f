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

// A trick is one way for an endpoint to be wrong.
type trick struct {
	name string
	act  func(*talk)
	// bare: act gets the connection before TLS.
	bare bool
	// conf changes the TLS configuration; may be nil.
	conf func(*testing.T, *tls.Config)
	// away: agents are to stay away after it, so that only `virgo flush` goes there next.
	away bool
	// code is what `virgo run` may end with; 0 unless it is said.
	code int
}

// reset closes a connection without a goodbye of any kind.
func reset(c *talk) {
	if tcp, ok := c.raw.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	c.raw.Close()
}

// An intercepted connection hands each write of TLS's to write.
type intercepted struct {
	net.Conn
	write func(net.Conn, []byte) (int, error)
}

func (i intercepted) Write(b []byte) (int, error) { return i.write(i.Conn, b) }

// over serves TLS through another connection than the bare one.
func over(c *talk, write func(net.Conn, []byte) (int, error)) {
	conn := tls.Server(intercepted{c.raw, write}, c.foe.tls())
	t := *c
	t.Conn = conn
	io.Copy(io.Discard, &t)
}

// before TLS stands, or instead of it.
func tlsTricks() []trick {
	bare := func(name string, act func(*talk)) trick { return trick{name: name, act: act, bare: true} }
	alert := func(level, kind byte) string { return string([]byte{21, 3, 3, 0, 2, level, kind}) }
	return []trick{
		bare("a reset at once", reset),
		bare("a close at once", func(c *talk) {}),
		bare("silence at once", (*talk).listen),
		bare("deaf at once", (*talk).wait),
		bare("plain text", func(c *talk) { c.say("who goes there?\n"); c.listen() }),
		bare("an answer of HTTP", func(c *talk) {
			c.say("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 12\r\n\r\nnot for you\n")
		}),
		bare("the banner of SSH", func(c *talk) { c.say("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"); c.listen() }),
		bare("a mail server", func(c *talk) { c.say("220 mail.example.com ESMTP ready\r\n"); c.listen() }),
		bare("JSON without TLS", func(c *talk) {
			c.say(`{"v":"1","id":0,"source":"endpoint","target":"x","result":{}}` + "\n")
			c.listen()
		}),
		bare("random bytes without end", func(c *talk) {
			b := make([]byte, 64<<10)
			chance := rand.NewChaCha8([32]byte{1})
			for {
				chance.Read(b)
				if _, err := c.Write(b); err != nil {
					return
				}
			}
		}),
		bare("zeros without end", func(c *talk) { c.sayOften(strings.Repeat("\x00", 4096), 0) }),
		bare("TLS records of no length without end", func(c *talk) { c.sayOften("\x16\x03\x03\x00\x00", 0) }),
		bare("application data of no length without end", func(c *talk) { c.sayOften("\x17\x03\x03\x00\x00", 0) }),
		bare("change_cipher_spec without end", func(c *talk) { c.sayOften("\x14\x03\x03\x00\x01\x01", 0) }),
		bare("an alert that is fatal", func(c *talk) { c.say(alert(2, 40)); c.listen() }),
		bare("warnings without end", func(c *talk) { c.sayOften(alert(1, 112), 0) }),
		bare("close_notify first", func(c *talk) { c.say(alert(1, 0)); c.listen() }),
		bare("a record longer than TLS has", func(c *talk) { c.say("\x16\x03\x03\xff\xff"); c.sayOften("\x02", 0) }),
		bare("a ServerHello of 16 MiB", func(c *talk) {
			c.say("\x16\x03\x03\x40\x00\x02\xff\xff\xff" + strings.Repeat("x", 16380))
			c.sayOften("\x16\x03\x03\x40\x00"+strings.Repeat("x", 16384), 0)
		}),
		bare("a handshake record of one byte each without end", func(c *talk) { c.sayOften("\x16\x03\x03\x00\x01\x02", 0) }),
		bare("a hello request instead of a ServerHello, without end", func(c *talk) { c.sayOften("\x16\x03\x03\x00\x04\x00\x00\x00\x00", 0) }),
		bare("the agent's own bytes", func(c *talk) { io.Copy(c, c) }),
		bare("a handshake of a byte each 50 ms", func(c *talk) {
			over(c, func(conn net.Conn, b []byte) (int, error) {
				t := talk{Conn: conn, foe: c.foe}
				if !t.drip(string(b), 50*time.Millisecond) {
					return 0, io.ErrClosedPipe
				}
				return len(b), nil
			})
		}),
		bare("a handshake that stops in its midst", func(c *talk) {
			left := 300
			over(c, func(conn net.Conn, b []byte) (int, error) {
				n := min(left, len(b))
				left -= n
				_, err := conn.Write(b[:n])
				return len(b), err
			})
		}),
		bare("a handshake with one bit changed", func(c *talk) {
			first := true
			over(c, func(conn net.Conn, b []byte) (int, error) {
				if first {
					b = append([]byte(nil), b...)
					b[len(b)/2] ^= 4
					first = false
				}
				return conn.Write(b)
			})
		}),
		{name: "another's certificate", act: (*talk).listen, conf: func(t *testing.T, conf *tls.Config) {
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
		{name: "a chain of 200 certificates", act: func(c *talk) { c.serve(nil) }, conf: func(t *testing.T, conf *tls.Config) {
			cert := conf.Certificates[0]
			for len(cert.Certificate) < 200 {
				cert.Certificate = append(cert.Certificate, cert.Certificate[0])
			}
			conf.Certificates = []tls.Certificate{cert}
		}},
		{name: "a chain of 15 MiB of certificates", act: (*talk).listen, conf: func(t *testing.T, conf *tls.Config) {
			cert := conf.Certificates[0]
			for len(cert.Certificate) < 30_000 {
				cert.Certificate = append(cert.Certificate, cert.Certificate[0])
			}
			conf.Certificates = []tls.Certificate{cert}
		}},
		{name: "TLS 1.1 at most", act: (*talk).listen, conf: func(t *testing.T, conf *tls.Config) {
			conf.MinVersion, conf.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
		}},
		{name: "a certificate asked for, by a thousand authorities", act: func(c *talk) { c.serve(nil) }, conf: func(t *testing.T, conf *tls.Config) {
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
		{name: "a certificate required", act: func(c *talk) { c.serve(nil) }, conf: func(t *testing.T, conf *tls.Config) {
			conf.ClientAuth = tls.RequireAnyClientCert
		}},
		{name: "a session ticket of 60,000 bytes", act: func(c *talk) { c.serve(nil) }, conf: func(t *testing.T, conf *tls.Config) {
			conf.WrapSession = func(tls.ConnectionState, *tls.SessionState) ([]byte, error) { return make([]byte, 60_000), nil }
			conf.UnwrapSession = func([]byte, tls.ConnectionState) (*tls.SessionState, error) { return nil, nil }
		}},
		{name: "a session ticket that breaks the next handshake", act: func(c *talk) { c.serve(nil) }, conf: func(t *testing.T, conf *tls.Config) {
			conf.UnwrapSession = func([]byte, tls.ConnectionState) (*tls.SessionState, error) { return nil, io.ErrUnexpectedEOF }
		}},
		{name: "bytes under TLS after the handshake", act: func(c *talk) {
			c.hello()
			io.WriteString(c.raw, strings.Repeat("garbage ", 10_000))
			c.listen()
		}},
		{name: "a new handshake within the session", act: func(c *talk) {
			c.hello()
			io.WriteString(c.raw, "\x16\x03\x03\x00\x04\x00\x00\x00\x00")
			c.listen()
		}},
		{name: "an alert in the clear within the session", act: func(c *talk) {
			c.hello()
			io.WriteString(c.raw, alert(2, 80))
			c.listen()
		}},
		{name: "a reset after the handshake", act: func(c *talk) { c.hello(); reset(c) }},
		{name: "an end without close_notify", act: func(c *talk) {
			f, _ := c.hello()
			c.answer(f, welcome)
			if half, ok := c.raw.(*net.TCPConn); ok {
				half.CloseWrite()
			}
			io.Copy(io.Discard, c.raw)
		}},
		{name: "close_notify, and then nothing", act: func(c *talk) {
			f, _ := c.hello()
			c.answer(f, welcome)
			c.Conn.(*tls.Conn).CloseWrite()
			c.wait()
		}},
	}
}
