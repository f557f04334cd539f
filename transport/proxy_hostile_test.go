package transport_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"virgo/transport"
	"virgo/transport/transporttest"
)

const behind = "endpoint.example:443"

// through dials through a proxy that serve implements.
func through(t testing.TB, proxy string, serve func(net.Conn)) (conn net.Conn, err error) {
	t.Helper()
	d := transport.Dialer{
		Endpoints: []string{behind},
		TLS:       transport.TLSConfig{Pins: []string{strings.Repeat("00", 32)}},
		Proxy:     func(string) (string, error) { return proxy, nil },
		DialContext: func(_ context.Context, _, address string) (net.Conn, error) {
			if address != "proxy.example:1" {
				t.Errorf("dialed %s", address)
			}
			client, server := transporttest.Link(0, 0)
			go func() {
				serve(server)
				server.Close()
			}()
			return client, nil
		},
	}
	conn, _, err = d.Dial(t.Context())
	if err == nil {
		t.Fatal("connected")
	}
	if !errors.Is(err, transport.ErrUnreachable) && !errors.Is(err, transport.ErrTLS) {
		t.Errorf("%v is of no kind", err)
	}
	if strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "czNjcmV0") {
		t.Errorf("the password is in %v", err)
	}
	return conn, err
}

// readHead reads up to an empty line.
func readHead(conn net.Conn) string {
	var b strings.Builder
	for one := make([]byte, 1); !strings.HasSuffix(b.String(), "\r\n\r\n"); b.Write(one) {
		if _, err := io.ReadFull(conn, one); err != nil {
			break
		}
	}
	return b.String()
}

func answering(text string) func(net.Conn) {
	return func(conn net.Conn) {
		readHead(conn)
		io.WriteString(conn, text)
	}
}

// inTurn answers each read with the next text.
func inTurn(turns ...string) func(net.Conn) {
	return func(conn net.Conn) {
		buf := make([]byte, 1024)
		for _, turn := range turns {
			if _, err := conn.Read(buf); err != nil {
				return
			}
			io.WriteString(conn, turn)
		}
	}
}

func TestProxyErrorMessages(t *testing.T) {
	const (
		plainURL = "http://proxy.example:1"
		loginURL = "http://user:s3cret@proxy.example:1"
		socks    = "socks5://proxy.example:1"
		socksIn  = "socks5://user:s3cret@proxy.example:1"
		elsewher = "the proxy resolves the endpoint's name and connects: check both on its host"
		mistaken = "check the proxy's port and scheme"
	)
	for _, c := range []struct {
		url       string
		serve     func(net.Conn)
		want      string // after "the proxy URL "
		hint      string // how it begins
		temporary bool
	}{
		{plainURL, answering("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\n\r\n"),
			"requires a user and a password (407)", "set them in its URL: http://user:password@proxy.example:1", false},
		{plainURL, answering("HTTP/1.0 407\n\n"), "requires a user and a password (407)", "set them in its URL", false},
		{loginURL, answering("HTTP/1.1 407 No\r\nproxy-authenticate: Negotiate\r\nProxy-Authenticate: basic\r\n\r\n"),
			"refused the user and the password (407)", "check them in its URL", false},
		{loginURL, answering("HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n"),
			"requires authentication by Negotiate, NTLM (407), and only Basic is supported", "enable Basic there", false},
		{loginURL, answering("HTTP/1.1 401 Unauthorized\r\n\r\n"), "refused the user and the password (401)", "check them in its URL", false},
		{plainURL, answering("HTTP/1.1 403 Forbidden\r\nX: y\r\n\r\n"),
			"does not allow a connection to endpoint.example:443 (403 Forbidden)", "allow CONNECT to port 443", false},
		{plainURL, answering("HTTP/1.1 405 Method Not Allowed\r\n\r\n"), "does not support CONNECT (405 Method Not Allowed)", "check the proxy's port: a web server", false},
		{plainURL, answering("HTTP/1.1 502 Bad\x1b[31m Gateway\r\n\r\n<html>"), "could not reach endpoint.example:443 (502 Bad [31m Gateway)", elsewher, true},
		{plainURL, answering("HTTP/1.1 503 Service Unavailable\r\n\r\n"), "could not reach endpoint.example:443 (503 Service Unavailable)", elsewher, true},
		{plainURL, answering("HTTP/1.1 302 Found\r\nLocation: http://login.hotel/\r\n\r\n"), "answered 302 Found", "", false},
		{plainURL, answering("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nX: y\r\n\r\nHTTP/1.1 418 I am a teapot\r\n\r\n"), "answered 418 I am a teapot", "", false},
		{plainURL, answering("SSH-2.0-OpenSSH_9.6\r\n"), "does not speak HTTP", mistaken, false},
		{plainURL, answering("HI"), "does not speak HTTP", mistaken, false},
		{plainURL, answering("HTTP/1.1 2000 OK\r\n\r\n"), "does not speak HTTP", mistaken, false},
		{plainURL, answering("HTTP/2 200\r\n\r\n"), "does not speak HTTP", mistaken, false},
		{plainURL, answering("HTTP/1.1 -20\r\n\r\n"), "does not speak HTTP", mistaken, false},
		{plainURL, answering("\x15\x03\x01\x00\x02\x02\x16"), "speaks TLS", `the URL of an HTTP proxy behind TLS begins with "https://"`, false},
		{plainURL, answering("\x05\xff"), "does not speak HTTP", `the URL of a SOCKS proxy begins with "socks5://"`, false},
		{plainURL, answering("HTTP/1.1 200 OK"), "closed the connection without an answer", mistaken, true},
		{plainURL, answering(""), "closed the connection without an answer", mistaken, true},
		{plainURL, func(net.Conn) {}, "closed the connection without an answer", mistaken, true},
		{"https://proxy.example:1", inTurn("HTTP/1.1 400 Bad Request\r\n\r\n"), "does not speak TLS", "the URL of a proxy without TLS", false},
		{"https://proxy.example:1", func(net.Conn) {}, "closed the connection during the TLS handshake", mistaken, true},

		{socks, inTurn("\x05\xff"), "requires a user and a password (SOCKS)", "set them in its URL: socks5://user:password@proxy.example:1", false},
		{socksIn, inTurn("\x05\xff"), "accepts neither user and password nor no authentication (SOCKS)", "", false},
		{socks, inTurn("\x05\x02"), "chose an authentication method that was not offered, 2 (SOCKS)", "", false},
		{socksIn, inTurn("\x05\x02", "\x01\x01"), "refused the user and the password (SOCKS)", "check them in its URL", false},
		{socks, inTurn("HTTP/1.1 400 Bad Request\r\n\r\n"), "does not speak SOCKS 5", `the URL of an HTTP proxy begins with "http://"`, false},
		{socks, inTurn("\x04\x5b"), "does not speak SOCKS 5", mistaken, false},
		{socks, inTurn("\x05\x00", "\x04\x00\x00\x01"), "does not speak SOCKS 5", mistaken, false},
		{socks, inTurn("\x05\x00", "\x05\x00\x00\x07"), "does not speak SOCKS 5: unknown address type 7", mistaken, false},
		{socks, inTurn("\x05\x00", "\x05\x01\x00\x01"), "could not reach endpoint.example:443 (SOCKS error 1)", elsewher, true},
		{socks, inTurn("\x05\x00", "\x05\x02\x00\x01"), "does not allow a connection to endpoint.example:443 (SOCKS error 2)", "allow this host to connect there", false},
		{socks, inTurn("\x05\x00", "\x05\x03\x00\x01"), "could not reach endpoint.example:443 (network unreachable, SOCKS error 3)", elsewher, true},
		{socks, inTurn("\x05\x00", "\x05\x04\x00\x01"), "could not reach endpoint.example:443 (host unreachable, SOCKS error 4)", elsewher, true},
		{socks, inTurn("\x05\x00", "\x05\x05\x00\x01"), "could not reach endpoint.example:443 (connection refused, SOCKS error 5)", elsewher, true},
		{socks, inTurn("\x05\x00", "\x05\x06\x00\x01"), "could not reach endpoint.example:443 (no answer, SOCKS error 6)", elsewher, true},
		{socks, inTurn("\x05\x00", "\x05\x07\x00\x01"), "does not support CONNECT (SOCKS error 7)", "", false},
		{socks, inTurn("\x05\x00", "\x05\x08\x00\x01"), "does not support the address type of endpoint.example:443 (SOCKS error 8)", "name the endpoint", false},
		{socks, inTurn("\x05\x00", "\x05\xfe\x00\x01"), "could not reach endpoint.example:443 (SOCKS error 254)", elsewher, true},
		{socks, inTurn("\x05\x00", "\x05\x00\x00\x03\xff"), "closed the connection without an answer", mistaken, true},
	} {
		_, err := through(t, c.url, c.serve)
		var failed *transport.ProxyError
		if !errors.As(err, &failed) || !errors.Is(err, transport.ErrProxy) {
			t.Errorf("%s: got %v", c.want, err)
			continue
		}
		shown := strings.ReplaceAll(c.url, "user:s3cret@", "")
		if got, want := failed.Error(), "the proxy "+shown+" "+c.want; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if !strings.HasPrefix(failed.Hint(), c.hint) || c.hint == "" && failed.Hint() != "" {
			t.Errorf("%s: hint %q, want %q", c.want, failed.Hint(), c.hint)
		}
		if transport.Temporary(err) != c.temporary {
			t.Errorf("%s: temporary: %v", c.want, !c.temporary)
		}
	}
}

// The requests to a proxy, byte for byte.
func TestProxyRequests(t *testing.T) {
	var asked string
	_, _ = through(t, "http://user:s3cret@proxy.example:1", func(conn net.Conn) { asked = readHead(conn) })
	want := "CONNECT endpoint.example:443 HTTP/1.1\r\nHost: endpoint.example:443\r\nProxy-Authorization: Basic dXNlcjpzM2NyZXQ=\r\n\r\n"
	if asked != want {
		t.Errorf("asked %q", asked)
	}
	for url, login := range map[string]string{
		"http://user@proxy.example:1":    "Proxy-Authorization: Basic dXNlcjo=\r\n", // "user:"
		"http://:s3cret@proxy.example:1": "Proxy-Authorization: Basic OnMzY3JldA==\r\n",
		"http://proxy.example:1":         "",
	} {
		_, _ = through(t, url, func(conn net.Conn) { asked = readHead(conn) })
		if want := "CONNECT endpoint.example:443 HTTP/1.1\r\nHost: endpoint.example:443\r\n" + login + "\r\n"; asked != want {
			t.Errorf("%s: asked %q", url, asked)
		}
	}
	asked = ""
	_, _ = through(t, "socks5://user:s3cret@proxy.example:1", func(conn net.Conn) {
		buf := make([]byte, 1024)
		for _, turn := range []string{"\x05\x02", "\x01\x00", ""} {
			n, _ := conn.Read(buf)
			asked += string(buf[:n]) + "|"
			io.WriteString(conn, turn)
		}
	})
	if want := "\x05\x02\x00\x02|\x01\x04user\x06s3cret|\x05\x01\x00\x03\x10endpoint.example\x01\xbb|"; asked != want {
		t.Errorf("asked %q", asked)
	}
}

// An endless answer ends the attempt after a bounded number of bytes; no answer, or an incomplete
// one, after the connect timeout.
func TestProxyAnswerIsBounded(t *testing.T) {
	for name, serve := range map[string]func(net.Conn) int{
		"one line without end": func(conn net.Conn) int { return flood(conn, "HTTP/1.1 200 ", "x") },
		"fields without end":   func(conn net.Conn) int { return flood(conn, "HTTP/1.1 200 OK\r\n", "X-Field: value\r\n") },
		"interim without end":  func(conn net.Conn) int { return flood(conn, "", "HTTP/1.1 100 Continue\r\n\r\n") },
	} {
		sent := make(chan int, 1)
		_, err := through(t, "http://proxy.example:1", func(conn net.Conn) {
			readHead(conn)
			sent <- serve(conn)
		})
		if !strings.Contains(err.Error(), "sent more than 16384 bytes of header") {
			t.Errorf("%s: %v", name, err)
		}
		if n := <-sent; n < 16<<10 {
			t.Errorf("%s: left after %d bytes", name, n)
		}
	}
}

// flood writes until the peer has closed.
func flood(conn net.Conn, head, body string) (sent int) {
	n, err := io.WriteString(conn, head)
	for sent = n; err == nil; sent += n {
		n, err = io.WriteString(conn, body)
	}
	return sent
}

// The connection is lost, or stalls, after every byte of a good answer: the error says so, at once
// or after the connect timeout.
func TestProxyConnectionLostOrStalledAtEveryByte(t *testing.T) {
	cases := 0
	for url, turns := range map[string][]string{
		"http://proxy.example:1":               {"HTTP/1.1 100 Go on\r\n\r\nHTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n"},
		"socks5://proxy.example:1":             {"\x05\x00", "\x05\x00\x00\x01\x7f\x00\x00\x01\x01\xbb"},
		"socks5://user:s3cret@proxy.example:1": {"\x05\x02", "\x01\x00", "\x05\x00\x00\x03\x04host\x01\xbb"},
	} {
		for at := range len(strings.Join(turns, "")) {
			for _, stall := range []bool{false, true} {
				cases++
				synctest.Test(t, func(t *testing.T) {
					start := time.Now()
					_, err := through(t, url, func(conn net.Conn) {
						buf, left := make([]byte, 1024), at
						for _, turn := range turns {
							conn.Read(buf)
							n, _ := io.WriteString(conn, turn[:min(left, len(turn))])
							if left -= n; n < len(turn) {
								break
							}
						}
						if stall {
							io.Copy(io.Discard, conn)
						}
					})
					want, took := "closed the connection without an answer", time.Duration(0)
					if stall {
						want, took = "gave no answer in time", transport.ConnectTimeout
					}
					if !strings.Contains(err.Error(), want) || !transport.Temporary(err) || time.Since(start) != took {
						t.Errorf("%s at %d, stall %v: %v after %v", url, at, stall, err, time.Since(start))
					}
				})
			}
		}
	}
	t.Logf("%d cases", cases)
}

// The tunnel is open and nothing behind it answers: one timeout covers it all.
func TestConnectTimeoutIncludesProxyAndHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, err := through(t, "http://proxy.example:1", func(conn net.Conn) {
			readHead(conn)
			time.Sleep(transport.ConnectTimeout - time.Second)
			io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
			io.Copy(io.Discard, conn)
		})
		if took := time.Since(start); took != transport.ConnectTimeout || !strings.Contains(err.Error(), "no answer in time") {
			t.Error(took, err)
		}
	})
}

// Bytes that arrive in one read with the proxy's answer belong to the tunnel.
func TestBytesAfterTheProxyAnswerBelongToTheTunnel(t *testing.T) {
	_, err := through(t, "http://proxy.example:1", func(conn net.Conn) {
		answering("HTTP/1.1 200 OK\r\n\r\nSSH-2.0-OpenSSH_9.6\r\n")(conn)
		io.Copy(io.Discard, conn)
	})
	if !errors.Is(err, transport.ErrTLS) || !strings.Contains(err.Error(), "endpoint.example does not speak TLS on this port") {
		t.Error(err)
	}
}

func TestSRVLookupErrorBehindAProxyHasAHint(t *testing.T) {
	d := transport.Dialer{
		Endpoints: []string{srvName},
		LookupSRV: func(context.Context, string) ([]*net.SRV, error) {
			return nil, &net.DNSError{Err: "no such host", Name: srvName}
		},
	}
	for _, proxy := range []string{"", "http://proxy.example:1"} {
		d.Proxy = transport.ProxyFor(transport.ProxySettings{URL: proxy})
		_, _, err := d.Dial(t.Context())
		var hint interface{ Hint() string }
		if found := errors.As(err, &hint); !errors.Is(err, transport.ErrUnreachable) || found != (proxy != "") ||
			found && !strings.Contains(hint.Hint(), "name the endpoint as host:port, which the proxy resolves") {
			t.Errorf("behind %q: %v", proxy, err)
		}
	}
}
