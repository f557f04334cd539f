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
			unavailable(t, bad.typ, with(at(port), schedule.Details{"timeout": 300}), strings.ReplaceAll(said.status, "%s", "127.0.0.1:"+port))
		})
	}
}
