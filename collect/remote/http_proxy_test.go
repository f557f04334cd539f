package remote

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"virgo/schedule"
)

// serveProxy starts an HTTP proxy that requires a login, for CONNECT and plain requests, and counts
// served requests.
func serveProxy(t *testing.T, certificate *tls.Certificate) (s *tcpServer, served *atomic.Int32) {
	served = new(atomic.Int32)
	s = serveTCP(t, "127.0.0.1:0", func(conn net.Conn) {
		if certificate != nil {
			secured := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{*certificate}})
			if secured.HandshakeContext(t.Context()) != nil {
				return
			}
			conn = secured
		}
		from := bufio.NewReader(conn)
		r, err := http.ReadRequest(from)
		if err != nil {
			return
		}
		if r.Header.Get("Proxy-Authorization") != "Basic anUlOmdlaGVpbQ==" { // ju%:geheim
			io.WriteString(conn, "HTTP/1.1 407 Proxy Authentication Required\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
			return
		}
		served.Add(1)
		to, err := net.Dial("tcp", r.URL.Host)
		if err != nil {
			return
		}
		defer to.Close()
		if r.Method == http.MethodConnect {
			io.WriteString(conn, "HTTP/1.1 200 Established\r\n\r\n")
		} else {
			r.Header.Del("Proxy-Authorization")
			r.Write(to)
		}
		go func() { io.Copy(to, from); to.Close() }()
		io.Copy(conn, to)
	})
	return s, served
}

func TestHTTPThroughProxy(t *testing.T) {
	plain := servePage(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Get("Proxy-Authorization"), "plain")
	})
	safe := serveTLS(t, newCertificate(certOptions{}), func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "safe") })
	proxyCert := newCertificate(certOptions{})
	for _, c := range []struct {
		scheme string
		cert   *tls.Certificate
	}{{"http", nil}, {"https", &proxyCert}} {
		s, served := serveProxy(t, c.cert)
		address := c.scheme + "://ju%25:geheim@" + s.address
		var asked string
		agent := func(to string) (string, error) { asked = to; return address, nil }
		for i, d := range []schedule.Details{
			{"url": plain.URL, "proxy": address, "body": "^plain$"},
			{"url": safe.URL, "proxy": address, "body": "^safe$"},
			{"url": plain.URL, "proxy": "agent", "body": "^plain$"},
			{"url": safe.URL, "proxy": "agent", "body": "^safe$"},
		} {
			checkNoGoroutines(t, func() {
				r := run(t, typeNamed(t, Options{Proxy: agent}, "remote.http"), d, 10*time.Second)
				wantAvailable(t, r)
				if value(r, "body_match") == "" || served.Load() != int32(i+1) {
					t.Errorf("%s: %v: served %d, matched %q", c.scheme, d, served.Load(), value(r, "body_match"))
				}
				if subject := value(r, "cert_error"); strings.HasPrefix(d["url"].(string), "https") != (subject == "") {
					t.Errorf("%s: cert_error %q", d["url"], subject)
				}
			})
		}
		if want := strings.TrimPrefix(safe.URL, "https://"); asked != want {
			t.Errorf("the agent's proxy was requested for %q, want %q", asked, want)
		}
		// Without the detail no proxy is used.
		before := served.Load()
		wantAvailable(t, run(t, typeNamed(t, Options{Proxy: agent}, "remote.http"), schedule.Details{"url": plain.URL}, 10*time.Second))
		if served.Load() != before {
			t.Error("a proxy was used without the detail")
		}
	}
}

func TestHTTPAgentProxy(t *testing.T) {
	s := servePage(t, func(http.ResponseWriter, *http.Request) {})
	none := func(string) (string, error) { return "", nil }
	for _, opt := range []Options{{}, {Proxy: none}} {
		wantAvailable(t, run(t, typeNamed(t, opt, "remote.http"), schedule.Details{"url": s.URL, "proxy": "agent"}, 10*time.Second))
	}
	broken := func(string) (string, error) { return "", errors.New("no idea") }
	wantUnavailable(t, run(t, typeNamed(t, Options{Proxy: broken}, "remote.http"), schedule.Details{"url": s.URL, "proxy": "agent"}, 10*time.Second),
		"finding the agent's proxy: no idea")
	wrong := func(string) (string, error) { return "gopher://u:geheim@x", nil }
	wantUnavailable(t, run(t, typeNamed(t, Options{Proxy: wrong}, "remote.http"), schedule.Details{"url": s.URL, "proxy": "agent"}, 10*time.Second),
		`the proxy is a URL of "gopher", not of http, https or socks5`)
}

func TestHTTPProxyErrors(t *testing.T) {
	safe := serveTLS(t, newCertificate(certOptions{}), func(http.ResponseWriter, *http.Request) {})
	s, _ := serveProxy(t, nil)
	wantUnavailable(t, runType(t, "remote.http", schedule.Details{"url": safe.URL, "proxy": "http://x:geheim@" + s.address}),
		"GET "+safe.URL+": the proxy returned 407 Proxy Authentication Required")
	// The proxy's reason may contain the password.
	quoting := serveTCP(t, "127.0.0.1:0", func(conn net.Conn) {
		readRequest(conn)
		io.WriteString(conn, "HTTP/1.1 502 x:geheim\r\nContent-Length: 0\r\n\r\n")
	})
	wantUnavailable(t, runType(t, "remote.http", schedule.Details{"url": safe.URL, "proxy": "http://x:geheim@" + quoting.address}),
		"GET "+safe.URL+": the proxy returned 502 Bad Gateway")
	// A password is not sent to a proxy whose certificate is not trusted.
	cert := newCertificate(certOptions{self: true})
	s, served := serveProxy(t, &cert)
	wantUnavailable(t, runType(t, "remote.http", schedule.Details{"url": safe.URL, "proxy": "https://ju%25:geheim@" + s.address}),
		"GET "+safe.URL+": the proxy: certificate is self-signed")
	if served.Load() != 0 {
		t.Error("the request was sent")
	}
	silent := serveTCP(t, "127.0.0.1:0", discardAll)
	wantUnavailable(t, run(t, typeNamed(t, Options{}, "remote.http"), schedule.Details{"url": safe.URL, "proxy": silent.address}, 300*time.Millisecond), "check timed out after 0.3s")
}
