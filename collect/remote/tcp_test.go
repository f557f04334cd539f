package remote

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"virgo/collect/collecttest"
	"virgo/schedule"
)

// details returns the details of a check of the server, with more.
func (s *tcpServer) details(more schedule.Details) schedule.Details {
	d := schedule.Details{"target": "127.0.0.1", "port": s.port}
	for k, v := range more {
		d[k] = v
	}
	return d
}

func TestTCPConnects(t *testing.T) {
	s := serveTCP(t, "127.0.0.1:0", discardAll)
	checkNoGoroutines(t, func() {
		r := runType(t, "remote.tcp", s.details(nil))
		wantAvailable(t, r)
		wantMetrics(t, r, map[string]string{"banner": "absent", "banner_match": "absent", "body_match": "absent", "tt_firstbyte": "absent", "cert_end": "absent"})
		if value(r, "tt_connect") == "absent" || value(r, "duration") == "absent" {
			t.Errorf("%+v", r.Metrics)
		}
	})
	// Without a target, the alias is used.
	wantAvailable(t, runCheck(t, typeNamed(t, Options{}, "remote.tcp"), schedule.Check{Details: schedule.Details{"port": s.port}, TargetAlias: "127.0.0.1", Timeout: 5 * time.Second}))
}

func TestTCPBanner(t *testing.T) {
	for name, c := range map[string]struct{ sent, match, banner, found string }{
		"line":         {"220 mail.example.com ESMTP\r\n", `^220 (\S+)`, "220 mail.example.com ESMTP", "mail.example.com"},
		"no match":     {"554 go away\n", `^220`, "554 go away", ""},
		"no newline":   {"+OK ready", "OK", "+OK ready", "OK"},
		"more":         {"one\r\ntwo\r\n", "o.*", "one", "one"},
		"empty line":   {"\r\nafter", "x", "", ""},
		"long":         {strings.Repeat("é", 1000), "é+", strings.Repeat("é", 256), strings.Repeat("é", 128)},
		"binary":       {"\xff\x00\xfe ok\n", "ok", "\uFFFD\uFFFD\uFFFD ok", "ok"},
		"a terminal's": {"\x1b[2J\x1b]0;mine\x07220 \x1b[31mready\x1b[0m\n", "220 .*", "220 ready", "220 ready"},
		"stray bytes":  {strings.Repeat("\xff", 600), "x", "\uFFFD", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serveTCP(t, "127.0.0.1:0", func(conn net.Conn) { io.WriteString(conn, c.sent); discardAll(conn) })
			r := runType(t, "remote.tcp", s.details(schedule.Details{"banner_match": c.match}))
			wantAvailable(t, r)
			wantMetrics(t, r, map[string]string{"banner": c.banner, "banner_match": c.found})
			if value(r, "tt_firstbyte") == "absent" {
				t.Error("no tt_firstbyte")
			}
		})
	}
}

func TestTCPSendAndMatch(t *testing.T) {
	s := serveTCP(t, "127.0.0.1:0", func(conn net.Conn) {
		io.WriteString(conn, "hello\r\nand more of it\r\n")
		line, _ := bufio.NewReader(conn).ReadString('\n')
		for _, part := range strings.SplitAfter("you said "+line, " ") {
			io.WriteString(conn, part)
		}
		discardAll(conn)
	})
	r := runType(t, "remote.tcp", s.details(schedule.Details{"banner_match": "hello", "send_body": "abc\r\n", "body_match": `said (\w+)`}))
	wantAvailable(t, r)
	wantMetrics(t, r, map[string]string{"banner": "hello", "banner_match": "hello", "body_match": "abc"})
	// What follows the banner in the first read is part of the response.
	wantMetrics(t, runType(t, "remote.tcp", s.details(schedule.Details{"banner_match": "hello", "body_match": "and (.*) of"})), map[string]string{"body_match": "more"})
	// A pause ends the response of a server that keeps the connection open.
	wantMetrics(t, runType(t, "remote.tcp", s.details(schedule.Details{"send_body": "x\n", "body_match": "never"})), map[string]string{"body_match": ""})
}

func TestTCPEndlessResponse(t *testing.T) {
	endless := serveTCP(t, "127.0.0.1:0", func(conn net.Conn) {
		for b := bytes.Repeat([]byte("x"), 1<<20); ; {
			if _, err := conn.Write(b); err != nil {
				return
			}
		}
	})
	checkNoGoroutines(t, func() {
		r := runType(t, "remote.tcp", endless.details(schedule.Details{"banner_match": "y", "body_match": "y"}))
		wantAvailable(t, r)
		wantMetrics(t, r, map[string]string{"banner": strings.Repeat("x", maxBannerBytes), "body_match": ""})
	})
}

func TestTCPFailures(t *testing.T) {
	port := collecttest.FreePort(t)
	wantUnavailable(t, runType(t, "remote.tcp", schedule.Details{"target": "127.0.0.1", "port": port}), "connecting to 127.0.0.1:"+port+": connection refused")
	closes := serveTCP(t, "127.0.0.1:0", func(conn net.Conn) { conn.(*net.TCPConn).CloseWrite(); discardAll(conn) })
	wantUnavailable(t, runType(t, "remote.tcp", closes.details(schedule.Details{"banner_match": "x"})), "talking to "+closes.address+": the server closed the connection without a response")
	resets := serveTCP(t, "127.0.0.1:0", func(conn net.Conn) {
		conn.Read(make([]byte, 1))
		conn.(*net.TCPConn).SetLinger(0)
	})
	wantUnavailable(t, runType(t, "remote.tcp", resets.details(schedule.Details{"send_body": "x", "body_match": "x"})), "talking to "+resets.address+": connection reset by peer")
}

func TestSlowTCPServers(t *testing.T) {
	const limit = 300 * time.Millisecond
	silent := serveTCP(t, "127.0.0.1:0", discardAll)
	drip := serveTCP(t, "127.0.0.1:0", func(conn net.Conn) { sendSlowly(conn, "x") })
	for name, d := range map[string]schedule.Details{
		"banner":      silent.details(schedule.Details{"banner_match": "x"}),
		"answer":      silent.details(schedule.Details{"send_body": "x", "body_match": "x"}),
		"TLS":         silent.details(schedule.Details{"ssl": "true"}),
		"takes bytes": silent.details(schedule.Details{"send_body": strings.Repeat("x", 60<<10), "body_match": "x"}),
		"drip":        drip.details(schedule.Details{"banner_match": "y"}),
	} {
		t.Run(name, func(t *testing.T) {
			checkNoGoroutines(t, func() {
				wantUnavailable(t, run(t, typeNamed(t, Options{}, "remote.tcp"), d, limit), "check timed out after 0.3s")
			})
		})
	}
}

func TestTCPWrongDetails(t *testing.T) {
	for _, c := range []struct {
		details schedule.Details
		status  string
	}{
		{schedule.Details{"port": 1}, "Missing target parameter"},
		{schedule.Details{"target": "", "port": 1}, "Missing target parameter"},
		{schedule.Details{"target": "x"}, "Missing port parameter"},
		{schedule.Details{"target": "x", "port": "70000"}, `detail "port" is "70000", not a port from 1 to 65535`},
		{schedule.Details{"target": "x", "port": 0}, `detail "port" is "0", not a port from 1 to 65535`},
		{schedule.Details{"target": "x", "port": "ssh"}, `detail "port" is "ssh", not a whole number`},
		{schedule.Details{"target": []any{"x"}, "port": 1}, `detail "target" is "a list or an object", not a text`},
		{schedule.Details{"target": "x y", "port": 1}, `detail "target" is "x y", not a host name or an IP address`},
		{schedule.Details{"target": "x", "port": 1, "ssl": "maybe"}, `detail "ssl" is "maybe", not true or false`},
		{schedule.Details{"target": "x", "port": 1, "banner_match": "("}, `detail "banner_match" is "(", not a regular expression (RE2)`},
		{schedule.Details{"target": "x", "port": 1, "body_match": strings.Repeat("x", 2000)}, `detail "body_match" is "` + strings.Repeat("x", 64) + `", not a regular expression of at most 1024 bytes`},
	} {
		wantUnavailable(t, runType(t, "remote.tcp", c.details), c.status)
	}
}
