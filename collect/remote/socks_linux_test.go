package remote

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"virgo/collect/collecttest"
	"virgo/schedule"
)

// hidden is a name that only the proxy of a test can resolve.
const hidden = "hidden.virgo.test"

// microsocks starts a SOCKS proxy with a hosts file of its own, which knows the hidden name.
func microsocks(t *testing.T, more ...string) (address string, server *collecttest.Server) {
	t.Helper()
	program := collecttest.Program(t, "microsocks", "microsocks")
	unshare := collecttest.Program(t, "unshare", "util-linux")
	hosts := write(t, folder(t), "hosts", "127.0.0.1 localhost "+hidden+"\n")
	cage := []string{"-rm", "/bin/sh", "-c", `mount --bind "$0" /etc/hosts && exec "$@"`, hosts}
	if out, err := exec.Command(unshare, append(cage, "true")...).CombinedOutput(); err != nil {
		collecttest.Lacks(t, fmt.Sprintf("leave to mount a hosts file is missing (%v: %s): run as root, or on a kernel with user namespaces", err, out))
	}
	port := collecttest.FreePort(t)
	address = "127.0.0.1:" + port
	args := append(append(cage, program, "-i", "127.0.0.1", "-p", port), more...)
	return address, collecttest.Serve(t, exec.Command(unshare, args...), collecttest.Answers("tcp", address))
}

func TestHTTPThroughASOCKSProxy(t *testing.T) {
	plain := page(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Get("Proxy-Authorization"), r.Host)
	})
	safe := secure(t, certificateFor(wants{names: []string{hidden}}), func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Host) })
	at := func(s string, host string) string {
		u, err := url.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		u.Host = net.JoinHostPort(host, u.Port())
		return u.String()
	}
	open, _ := microsocks(t)
	closed, _ := microsocks(t, "-u", "j@", "-P", "ge:heim")
	for _, proxy := range []string{"socks5://" + open, "socks5h://" + open, "socks5://j%40:ge%3Aheim@" + closed, "socks5://anybody:x@" + open} {
		agent := func(string) (string, error) { return proxy, nil }
		for _, d := range []schedule.Details{
			{"url": at(plain.URL, hidden), "proxy": proxy, "body": "^" + hidden + ":"},
			{"url": at(safe.URL, hidden), "proxy": proxy, "body": "^" + hidden + ":"},
			{"url": at(safe.URL, hidden), "proxy": "agent", "body": "^" + hidden + ":"},
			{"url": plain.URL, "proxy": proxy, "body": "^127.0.0.1:"},
		} {
			leavesNothing(t, func() {
				r := run(t, typed(t, Options{Proxy: agent}, "remote.http"), d, 30*time.Second)
				available(t, r)
				if value(r, "body_match") == "" || value(r, "cert_error") != "" && value(r, "cert_error") != "absent" || value(r, "tt_connect") == "absent" {
					t.Errorf("%v by %s: %v", d, proxy, r.Metrics)
				}
			})
		}
	}
	web := speak(t, "127.0.0.1:0", func(conn net.Conn) {
		io.ReadFull(conn, make([]byte, 4))
		io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
	})
	gone := net.JoinHostPort("127.0.0.1", collecttest.FreePort(t))
	for _, tt := range []struct{ url, proxy, want string }{
		{plain.URL, "socks5://" + closed, "the proxy wants a login"},
		{plain.URL, "socks5://j%40:geheim@" + closed, "the proxy does not take this user and password"},
		{plain.URL, "socks5://:geheim@" + closed, "the proxy wants a user and a password of 1 to 255 bytes each"},
		{plain.URL, "socks5://j%40:" + strings.Repeat("geheim", 50) + "@" + closed, "the proxy wants a user and a password of 1 to 255 bytes each"},
		{"http://" + gone, "socks5://" + open, "the proxy does not connect: connection refused"},
		{"https://" + gone, "socks5://" + open, "the proxy does not connect: connection refused"},
		{"http://nowhere.virgo.test", "socks5://" + open, "the proxy does not connect: general SOCKS server failure"},
		{plain.URL, "socks5://j:geheim@" + gone, "the proxy: connection refused"},
		{plain.URL, "http://j:geheim@" + gone, "the proxy: connection refused"},
		{plain.URL, strings.Replace(plain.URL, "http:", "https:", 1), "the proxy: the server does not speak TLS"},
		{plain.URL, "socks5://j:geheim@" + web.address, "the proxy does not speak SOCKS 5"},
	} {
		fails(t, looks(t, "remote.http", schedule.Details{"url": tt.url, "proxy": tt.proxy}), "GET "+tt.url+": "+tt.want)
	}
}

// A proxy that breaks off, or says nothing at any step, ends no later than the check and leaves nothing.
func TestSOCKSProxiesThatStop(t *testing.T) {
	s := page(t, func(http.ResponseWriter, *http.Request) {})
	for name, says := range map[string]string{"at once": "", "after the greeting": "\x05\x00", "in the answer": "\x05\x00\x05\x00\x00\x01\x7f"} {
		t.Run(name, func(t *testing.T) {
			breaks := speak(t, "127.0.0.1:0", func(conn net.Conn) {
				io.ReadFull(conn, make([]byte, 3))
				io.WriteString(conn, says)
				if len(says) > 1 {
					io.ReadFull(conn, make([]byte, 10))
				}
			})
			silent := speak(t, "127.0.0.1:0", func(conn net.Conn) {
				io.WriteString(conn, says)
				untilClosed(conn)
			})
			leavesNothing(t, func() {
				fails(t, looks(t, "remote.http", schedule.Details{"url": s.URL, "proxy": "socks5://" + breaks.address}),
					"GET "+s.URL+": the proxy: the server closed the connection without an answer")
				fails(t, run(t, typed(t, Options{}, "remote.http"), schedule.Details{"url": s.URL, "proxy": "socks5://" + silent.address}, 300*time.Millisecond),
					"check timed out after 0.3s")
			})
		})
	}
}
