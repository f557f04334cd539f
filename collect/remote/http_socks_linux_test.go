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

// hiddenHost is a name that only the proxy can resolve.
const hiddenHost = "hidden.virgo.test"

// startSOCKS starts microsocks with its own hosts file, which has hiddenHost.
func startSOCKS(t *testing.T, more ...string) (address string, server *collecttest.Server) {
	t.Helper()
	program := collecttest.Program(t, "microsocks", "microsocks")
	unshare := collecttest.Program(t, "unshare", "util-linux")
	hosts := collecttest.WriteFile(t, collecttest.Folder(t), "hosts", "127.0.0.1 localhost "+hiddenHost+"\n")
	sandbox := []string{"-rm", "/bin/sh", "-c", `mount --bind "$0" /etc/hosts && exec "$@"`, hosts}
	if out, err := exec.Command(unshare, append(sandbox, "true")...).CombinedOutput(); err != nil {
		collecttest.Lacks(t, fmt.Sprintf("no permission to mount a hosts file (%v: %s): run as root, or with user namespaces", err, out))
	}
	port := collecttest.FreePort(t)
	address = "127.0.0.1:" + port
	args := append(append(sandbox, program, "-i", "127.0.0.1", "-p", port), more...)
	return address, collecttest.Serve(t, exec.Command(unshare, args...), collecttest.Answers("tcp", address))
}

func TestHTTPThroughSOCKS(t *testing.T) {
	plain := servePage(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Get("Proxy-Authorization"), r.Host)
	})
	safe := serveTLS(t, newCertificate(certOptions{names: []string{hiddenHost}}), func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Host) })
	at := func(s string, host string) string {
		u, err := url.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		u.Host = net.JoinHostPort(host, u.Port())
		return u.String()
	}
	open, _ := startSOCKS(t)
	closed, _ := startSOCKS(t, "-u", "j@", "-P", "ge:heim")
	for _, proxy := range []string{"socks5://" + open, "socks5h://" + open, "socks5://j%40:ge%3Aheim@" + closed, "socks5://anybody:x@" + open} {
		agent := func(string) (string, error) { return proxy, nil }
		for _, d := range []schedule.Details{
			{"url": at(plain.URL, hiddenHost), "proxy": proxy, "body": "^" + hiddenHost + ":"},
			{"url": at(safe.URL, hiddenHost), "proxy": proxy, "body": "^" + hiddenHost + ":"},
			{"url": at(safe.URL, hiddenHost), "proxy": "agent", "body": "^" + hiddenHost + ":"},
			{"url": plain.URL, "proxy": proxy, "body": "^127.0.0.1:"},
		} {
			checkNoGoroutines(t, func() {
				r := run(t, typeNamed(t, Options{Proxy: agent}, "remote.http"), d, 30*time.Second)
				wantAvailable(t, r)
				if value(r, "body_match") == "" || value(r, "cert_error") != "" && value(r, "cert_error") != "absent" || value(r, "tt_connect") == "absent" {
					t.Errorf("%v by %s: %v", d, proxy, r.Metrics)
				}
			})
		}
	}
	web := serveTCP(t, "127.0.0.1:0", func(conn net.Conn) {
		io.ReadFull(conn, make([]byte, 4))
		io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
	})
	gone := net.JoinHostPort("127.0.0.1", collecttest.FreePort(t))
	for _, tt := range []struct{ url, proxy, want string }{
		{plain.URL, "socks5://" + closed, "the proxy requires a login"},
		{plain.URL, "socks5://j%40:geheim@" + closed, "the proxy rejected the user and password"},
		{plain.URL, "socks5://:geheim@" + closed, "the proxy requires a user and a password of 1 to 255 bytes each"},
		{plain.URL, "socks5://j%40:" + strings.Repeat("geheim", 50) + "@" + closed, "the proxy requires a user and a password of 1 to 255 bytes each"},
		{"http://" + gone, "socks5://" + open, "the proxy does not connect: connection refused"},
		{"https://" + gone, "socks5://" + open, "the proxy does not connect: connection refused"},
		{"http://nowhere.virgo.test", "socks5://" + open, "the proxy does not connect: general SOCKS server failure"},
		{plain.URL, "socks5://j:geheim@" + gone, "the proxy: connection refused"},
		{plain.URL, "http://j:geheim@" + gone, "the proxy: connection refused"},
		{plain.URL, strings.Replace(plain.URL, "http:", "https:", 1), "the proxy: the server does not speak TLS"},
		{plain.URL, "socks5://j:geheim@" + web.address, "the proxy does not speak SOCKS 5"},
	} {
		wantUnavailable(t, runType(t, "remote.http", schedule.Details{"url": tt.url, "proxy": tt.proxy}), "GET "+tt.url+": "+tt.want)
	}
}

// TestSOCKSErrors: where a proxy closes or stalls at any step, the check ends by its time limit and
// leaves nothing.
func TestSOCKSErrors(t *testing.T) {
	s := servePage(t, func(http.ResponseWriter, *http.Request) {})
	for name, sent := range map[string]string{"at once": "", "after the greeting": "\x05\x00", "in the answer": "\x05\x00\x05\x00\x00\x01\x7f"} {
		t.Run(name, func(t *testing.T) {
			closing := serveTCP(t, "127.0.0.1:0", func(conn net.Conn) {
				io.ReadFull(conn, make([]byte, 3))
				io.WriteString(conn, sent)
				if len(sent) > 1 {
					io.ReadFull(conn, make([]byte, 10))
				}
			})
			silent := serveTCP(t, "127.0.0.1:0", func(conn net.Conn) {
				io.WriteString(conn, sent)
				discardAll(conn)
			})
			checkNoGoroutines(t, func() {
				wantUnavailable(t, runType(t, "remote.http", schedule.Details{"url": s.URL, "proxy": "socks5://" + closing.address}),
					"GET "+s.URL+": the proxy: the server closed the connection without a response")
				wantUnavailable(t, run(t, typeNamed(t, Options{}, "remote.http"), schedule.Details{"url": s.URL, "proxy": "socks5://" + silent.address}, 300*time.Millisecond),
					"check timed out after 0.3s")
			})
		})
	}
}
