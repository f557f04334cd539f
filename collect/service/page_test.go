package service

import (
	"fmt"
	"strings"
	"testing"

	"virgo/schedule"
)

// TestBadWebServers: all checks of pages read them the same way, so one is tested.
func TestBadWebServers(t *testing.T) {
	at := func(port string) schedule.Details {
		return schedule.Details{"url": "http://watch:s3cret@127.0.0.1:" + port + "/status"}
	}
	const tooLong = "Answer of %s is longer than 1114112 bytes"
	bad := badServer{
		typ:           nginxType(),
		at:            at,
		closed:        "Connection closed by %s",
		garbage:       "-ERR unknown command\r\n",
		garbageStatus: "Answer of %s is not HTTP",
		endlessFirst:  "HTTP/1.1 200 OK\r\n\r\n", endlessAgain: "abc\n",
		endlessStatus: tooLong,
	}
	bad.run(t)
	for name, reply := range map[string]struct{ first, again, status string }{
		"headers without end":     {"HTTP/1.1 200 OK\r\n", "X-A: b\r\n", tooLong},
		"a header without end":    {"HTTP/1.1 200 OK\r\nX-A: ", "b", tooLong},
		"a status without end":    {"HTTP/1.1 200 ", "b", tooLong},
		"a compressed page":       {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", "\x1f\x8b", tooLong},
		"a page of a stated size": {"HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000000\r\n\r\n", "a", tooLong},
		"interim answers":         {"", "HTTP/1.1 100 Continue\r\n\r\n", tooLong},
		"invalid chunks":          {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "zz\r\n", "Answer of %s is not HTTP"},
		"a chunk without end":     {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1", "Answer of %s is not HTTP"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			port, _ := serveEndless(t, reply.first, reply.again)
			unavailable(t, bad.typ, at(port), strings.ReplaceAll(reply.status, "%s", "127.0.0.1:"+port))
		})
	}
	for name, reply := range map[string]struct{ text, status string }{
		"an incomplete page":  {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", "No answer from %s within the time limit of 0.3 seconds"},
		"the server's reason": {"HTTP/1.1 599 s3cret \x1b[31m\r\n\r\n", "HTTP status 599 from http://%s/status"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			port := serveText(t, reply.text)
			d := at(port)
			if strings.Contains(reply.status, "time limit") {
				d["timeout"] = 300
			}
			unavailable(t, bad.typ, d, strings.ReplaceAll(reply.status, "%s", "127.0.0.1:"+port))
		})
	}
}

func TestReadPage(t *testing.T) {
	for _, c := range []struct {
		d                            schedule.Details
		network, address, name, user string
	}{
		{nil, "tcp", "127.0.0.1:80", "http://127.0.0.1/status", ""},
		{schedule.Details{"url": "https://web.example/a%20b?key=1#c"}, "tcp", "web.example:443", "https://web.example/a%20b", ""},
		{schedule.Details{"url": "http://[::1]:8080"}, "tcp", "[::1]:8080", "http://[::1]:8080", ""},
		{schedule.Details{"url": "http://[::1]/"}, "tcp", "[::1]:80", "http://[::1]/", ""},
		{schedule.Details{"url": "http://u%40d:p%2Fw@h/"}, "tcp", "h:80", "http://h/", "u@d:p/w"},
		{schedule.Details{"url": "http://u:p@h/", "username": "other", "password": "other"}, "tcp", "h:80", "http://h/", "u:p"},
		{schedule.Details{"url": "http://unix:/run/a.sock:/status?u=http://b:/c"}, "unix", "/run/a.sock", "/run/a.sock:/status", ""},
		{schedule.Details{"url": "http://unix:/run/a.sock"}, "unix", "/run/a.sock", "/run/a.sock:/", ""},
		{schedule.Details{"url": "http://h/status", "socket": "/run/a.sock"}, "unix", "/run/a.sock", "/run/a.sock:/status", ""},
	} {
		p, err := readPage(c.d, "http://127.0.0.1/status?auto", nil)
		login := strings.Trim(p.username+":"+p.password, ":")
		if err != nil || p.network != c.network || p.address != c.address || p.displayURL() != c.name || login != c.user {
			t.Errorf("%v: %+v, %v", c.d, p, err)
		}
	}
	for _, url := range []string{"http://unix:", "http://unix::/a", "http://", "/status", "unix:/run/a.sock", "http://h:port/", "http://h/%zz", "http://a b/"} {
		if p, err := readPage(schedule.Details{"url": url}, "", nil); err == nil {
			t.Errorf("%s: %+v", url, p)
		}
	}
}

// FuzzPageAddress: neither errors nor the displayed URL contain the password.
func FuzzPageAddress(f *testing.F) {
	f.Add("http://watch:s3cret@127.0.0.1/status?auto")
	f.Add("http://unix:/run/a.sock:/s3cret")
	f.Add("https://watch:s3cret@[::1")
	f.Fuzz(func(t *testing.T, url string) {
		p, err := readPage(schedule.Details{"url": url}, "", nil)
		switch {
		case err != nil && strings.Contains(err.Error(), "s3cret"), err != nil && !strings.HasPrefix(err.Error(), `detail "url" is not a URL `):
			t.Errorf("%q: %v", url, err)
		case err == nil && (p.address == "" || p.url.User != nil):
			t.Errorf("%+v", p)
		}
	})
}

// TestPagesWithAMark: a byte order mark belongs to no page.
func TestPagesWithAMark(t *testing.T) {
	serve := func(body string) string {
		return serveText(t, fmt.Sprintf("HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
	}
	for _, body := range []string{"\ufeff{\"a\":1}", "\xff\xfe{\x00\"\x00a\x00\"\x00:\x001\x00}\x00", "\xfe\xff\x00{\x00\"\x00a\x00\"\x00:\x001\x00}"} {
		d := schedule.Details{"url": "http://127.0.0.1:" + serve(body), "metrics": map[string]any{"m": "/a"}}
		if m := metricsOf(t, httpJSONType(), d)["m"]; m.Value != "1" {
			t.Errorf("%q: %+v", body, m)
		}
	}
	nginx := "\ufeffActive connections: 2\nserver accepts handled requests\n 3 3 5\nReading: 0 Writing: 1 Waiting: 1\n"
	if m := metricsOf(t, nginxType(), schedule.Details{"url": "http://127.0.0.1:" + serve(nginx)})["active_connections"]; m.Value != "2" {
		t.Errorf("nginx: %+v", m)
	}
}
