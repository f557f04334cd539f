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

// relay is an HTTP proxy that wants user and password, for tunnels and for plain requests; it counts what it served.
func relay(t *testing.T, certificate *tls.Certificate) (s *speaker, served *atomic.Int32) {
	served = new(atomic.Int32)
	s = speak(t, "127.0.0.1:0", func(conn net.Conn) {
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

func TestHTTPThroughAProxy(t *testing.T) {
	plain := page(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Get("Proxy-Authorization"), "plain")
	})
	safe := secure(t, certificateFor(wants{}), func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "safe") })
	proxyCert := certificateFor(wants{})
	for _, c := range []struct {
		scheme string
		cert   *tls.Certificate
	}{{"http", nil}, {"https", &proxyCert}} {
		s, served := relay(t, c.cert)
		address := c.scheme + "://ju%25:geheim@" + s.address
		var asked string
		agent := func(to string) (string, error) { asked = to; return address, nil }
		for i, d := range []schedule.Details{
			{"url": plain.URL, "proxy": address, "body": "^plain$"},
			{"url": safe.URL, "proxy": address, "body": "^safe$"},
			{"url": plain.URL, "proxy": "agent", "body": "^plain$"},
			{"url": safe.URL, "proxy": "agent", "body": "^safe$"},
		} {
			leavesNothing(t, func() {
				r := run(t, typed(t, Options{Proxy: agent}, "remote.http"), d, 10*time.Second)
				available(t, r)
				if value(r, "body_match") == "" || served.Load() != int32(i+1) {
					t.Errorf("%s: %v: served %d, matched %q", c.scheme, d, served.Load(), value(r, "body_match"))
				}
				if subject := value(r, "cert_error"); strings.HasPrefix(d["url"].(string), "https") != (subject == "") {
					t.Errorf("%s: cert_error %q", d["url"], subject)
				}
			})
		}
		if want := strings.TrimPrefix(safe.URL, "https://"); asked != want {
			t.Errorf("the agent was asked for the proxy of %q, not %q", asked, want)
		}
		// Without the detail nobody is asked and nothing is used.
		before := served.Load()
		available(t, run(t, typed(t, Options{Proxy: agent}, "remote.http"), schedule.Details{"url": plain.URL}, 10*time.Second))
		if served.Load() != before {
			t.Error("a proxy was used that no detail asked for")
		}
	}
}

func TestHTTPAgentsProxySetting(t *testing.T) {
	s := page(t, func(http.ResponseWriter, *http.Request) {})
	none := func(string) (string, error) { return "", nil }
	for _, opt := range []Options{{}, {Proxy: none}} {
		available(t, run(t, typed(t, opt, "remote.http"), schedule.Details{"url": s.URL, "proxy": "agent"}, 10*time.Second))
	}
	broken := func(string) (string, error) { return "", errors.New("no idea") }
	fails(t, run(t, typed(t, Options{Proxy: broken}, "remote.http"), schedule.Details{"url": s.URL, "proxy": "agent"}, 10*time.Second),
		"finding the agent's proxy: no idea")
	wrong := func(string) (string, error) { return "gopher://u:geheim@x", nil }
	fails(t, run(t, typed(t, Options{Proxy: wrong}, "remote.http"), schedule.Details{"url": s.URL, "proxy": "agent"}, 10*time.Second),
		`the proxy is a URL of "gopher", not of http, https or socks5`)
}

func TestHTTPProxiesThatRefuse(t *testing.T) {
	safe := secure(t, certificateFor(wants{}), func(http.ResponseWriter, *http.Request) {})
	s, _ := relay(t, nil)
	fails(t, looks(t, "remote.http", schedule.Details{"url": safe.URL, "proxy": "http://x:geheim@" + s.address}),
		"GET "+safe.URL+": the proxy answers 407 Proxy Authentication Required")
	// What it says may repeat what was sent to it.
	tells := speak(t, "127.0.0.1:0", func(conn net.Conn) {
		requestRead(conn)
		io.WriteString(conn, "HTTP/1.1 502 x:geheim\r\nContent-Length: 0\r\n\r\n")
	})
	fails(t, looks(t, "remote.http", schedule.Details{"url": safe.URL, "proxy": "http://x:geheim@" + tells.address}),
		"GET "+safe.URL+": the proxy answers 502 Bad Gateway")
	// A password is not sent to a proxy whose certificate is not in order.
	cert := certificateFor(wants{self: true})
	s, served := relay(t, &cert)
	fails(t, looks(t, "remote.http", schedule.Details{"url": safe.URL, "proxy": "https://ju%25:geheim@" + s.address}),
		"GET "+safe.URL+": the proxy: certificate is self-signed")
	if served.Load() != 0 {
		t.Error("it was served")
	}
	silent := speak(t, "127.0.0.1:0", untilClosed)
	within(t, 300*time.Millisecond, func() {
		fails(t, run(t, typed(t, Options{}, "remote.http"), schedule.Details{"url": safe.URL, "proxy": silent.address}, 300*time.Millisecond), "check timed out after 0.3s")
	})
}
