package service

import (
	"strings"
	"testing"

	"virgo/schedule"
)

// What holds for one check of a page holds for all: they read it the same way.
func TestPagesOfBadServers(t *testing.T) {
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
	for name, said := range map[string]struct{ first, again, status string }{
		"headers without end":     {"HTTP/1.1 200 OK\r\n", "X-A: b\r\n", tooLong},
		"a header without end":    {"HTTP/1.1 200 OK\r\nX-A: ", "b", tooLong},
		"a status without end":    {"HTTP/1.1 200 ", "b", tooLong},
		"a compressed page":       {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", "\x1f\x8b", tooLong},
		"a page of a stated size": {"HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000000\r\n\r\n", "a", tooLong},
		"interim answers":         {"", "HTTP/1.1 100 Continue\r\n\r\n", tooLong},
		"chunks that are none":    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "zz\r\n", "Answer of %s is not HTTP"},
		"a chunk without end":     {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1", "Answer of %s is not HTTP"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			port, _ := endless(t, said.first, said.again)
			unavailable(t, bad.typ, at(port), strings.ReplaceAll(said.status, "%s", "127.0.0.1:"+port))
		})
	}
	for name, said := range map[string]struct{ text, status string }{
		"a page cut short": {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", "No answer from %s within the time limit of 0.3 seconds"},
		"its own words":    {"HTTP/1.1 599 s3cret \x1b[31m\r\n\r\n", "HTTP status 599 from http://%s/status"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			port := says(t, said.text)
			d := at(port)
			if strings.Contains(said.status, "time limit") {
				d["timeout"] = 300
			}
			unavailable(t, bad.typ, d, strings.ReplaceAll(said.status, "%s", "127.0.0.1:"+port))
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
		p, err := readPage(c.d, "http://127.0.0.1/status?auto")
		if err != nil || p.network != c.network || p.address != c.address || p.name() != c.name || strings.Trim(p.username+":"+p.password, ":") != c.user {
			t.Errorf("%v: %+v, %v", c.d, p, err)
		}
	}
	for _, url := range []string{"http://unix:", "http://unix::/a", "http://", "/status", "unix:/run/a.sock", "http://h:port/", "http://h/%zz", "http://a b/"} {
		if p, err := readPage(schedule.Details{"url": url}, ""); err == nil {
			t.Errorf("%s: %+v", url, p)
		}
	}
}

// Whatever an address holds, what is shown of it has no password.
func FuzzPageAddress(f *testing.F) {
	f.Add("http://watch:s3cret@127.0.0.1/status?auto")
	f.Add("http://unix:/run/a.sock:/s3cret")
	f.Add("https://watch:s3cret@[::1")
	f.Fuzz(func(t *testing.T, url string) {
		p, err := readPage(schedule.Details{"url": url}, "")
		switch {
		case err != nil && err.Error() != `detail "url" is not the address of a page, http://HOST/PATH`:
			t.Errorf("%q: %v", url, err)
		case err == nil && (p.address == "" || p.url.User != nil):
			t.Errorf("%+v", p)
		}
	})
}
