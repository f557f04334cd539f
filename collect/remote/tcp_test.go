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

// to is the details of a check of that server, with more.
func (s *speaker) to(more schedule.Details) schedule.Details {
	d := schedule.Details{"target": "127.0.0.1", "port": s.port}
	for k, v := range more {
		d[k] = v
	}
	return d
}

func TestTCPConnects(t *testing.T) {
	s := speak(t, "127.0.0.1:0", untilClosed)
	leavesNothing(t, func() {
		r := looks(t, "remote.tcp", s.to(nil))
		available(t, r)
		has(t, r, map[string]string{"banner": "absent", "banner_match": "absent", "body_match": "absent", "tt_firstbyte": "absent", "cert_end": "absent"})
		if value(r, "tt_connect") == "absent" || value(r, "duration") == "absent" {
			t.Errorf("%+v", r.Metrics)
		}
	})
	// The endpoint's name for the target serves where there is no other.
	available(t, runCheck(t, typed(t, Options{}, "remote.tcp"), schedule.Check{Details: schedule.Details{"port": s.port}, TargetAlias: "127.0.0.1", Timeout: 5 * time.Second}))
}

func TestTCPBanner(t *testing.T) {
	for name, c := range map[string]struct{ say, match, banner, found string }{
		"line":        {"220 mail.example.com ESMTP\r\n", `^220 (\S+)`, "220 mail.example.com ESMTP", "mail.example.com"},
		"no match":    {"554 go away\n", `^220`, "554 go away", ""},
		"no end":      {"+OK ready", "OK", "+OK ready", "OK"},
		"more":        {"one\r\ntwo\r\n", "o.*", "one", "one"},
		"empty line":  {"\r\nafter", "x", "", ""},
		"long":        {strings.Repeat("é", 1000), "é+", strings.Repeat("é", 256), strings.Repeat("é", 128)},
		"binary":      {"\xff\x00\xfe ok\n", "ok", "\uFFFD\x00\uFFFD ok", "ok"},
		"stray bytes": {strings.Repeat("\xff", 600), "x", "\uFFFD", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := speak(t, "127.0.0.1:0", func(conn net.Conn) { io.WriteString(conn, c.say); untilClosed(conn) })
			r := looks(t, "remote.tcp", s.to(schedule.Details{"banner_match": c.match}))
			available(t, r)
			has(t, r, map[string]string{"banner": c.banner, "banner_match": c.found})
			if value(r, "tt_firstbyte") == "absent" {
				t.Error("no tt_firstbyte")
			}
		})
	}
}

func TestTCPConversation(t *testing.T) {
	s := speak(t, "127.0.0.1:0", func(conn net.Conn) {
		io.WriteString(conn, "hello\r\nand more of it\r\n")
		line, _ := bufio.NewReader(conn).ReadString('\n')
		for _, part := range strings.SplitAfter("you said "+line, " ") {
			io.WriteString(conn, part)
		}
		untilClosed(conn)
	})
	r := looks(t, "remote.tcp", s.to(schedule.Details{"banner_match": "hello", "send_body": "abc\r\n", "body_match": `said (\w+)`}))
	available(t, r)
	has(t, r, map[string]string{"banner": "hello", "banner_match": "hello", "body_match": "abc"})
	// What is left of the first read is part of the answer.
	has(t, looks(t, "remote.tcp", s.to(schedule.Details{"banner_match": "hello", "body_match": "and (.*) of"})), map[string]string{"body_match": "more"})
	// A server that keeps the connection has said all when it pauses.
	has(t, looks(t, "remote.tcp", s.to(schedule.Details{"send_body": "x\n", "body_match": "never"})), map[string]string{"body_match": ""})
}

func TestTCPAnswersAreBounded(t *testing.T) {
	endless := speak(t, "127.0.0.1:0", func(conn net.Conn) {
		for b := bytes.Repeat([]byte("x"), 1<<20); ; {
			if _, err := conn.Write(b); err != nil {
				return
			}
		}
	})
	leavesNothing(t, func() {
		r := looks(t, "remote.tcp", endless.to(schedule.Details{"banner_match": "y", "body_match": "y"}))
		available(t, r)
		has(t, r, map[string]string{"banner": strings.Repeat("x", maxBannerBytes), "body_match": ""})
	})
}

func TestTCPFailures(t *testing.T) {
	port := collecttest.FreePort(t)
	fails(t, looks(t, "remote.tcp", schedule.Details{"target": "127.0.0.1", "port": port}), "connecting to 127.0.0.1:"+port+": connection refused")
	closes := speak(t, "127.0.0.1:0", func(conn net.Conn) { conn.(*net.TCPConn).CloseWrite(); untilClosed(conn) })
	fails(t, looks(t, "remote.tcp", closes.to(schedule.Details{"banner_match": "x"})), "talking to "+closes.address+": the server closed the connection without an answer")
	resets := speak(t, "127.0.0.1:0", func(conn net.Conn) {
		conn.Read(make([]byte, 1))
		conn.(*net.TCPConn).SetLinger(0)
	})
	fails(t, looks(t, "remote.tcp", resets.to(schedule.Details{"send_body": "x", "body_match": "x"})), "talking to "+resets.address+": connection reset by peer")
}

func TestTCPServersThatKeepOneWaiting(t *testing.T) {
	const limit = 300 * time.Millisecond
	silent := speak(t, "127.0.0.1:0", untilClosed)
	drip := speak(t, "127.0.0.1:0", func(conn net.Conn) {
		for {
			if _, err := conn.Write([]byte("x")); err != nil {
				return
			}
			time.Sleep(5 * time.Millisecond) // this is what the server does
		}
	})
	for name, d := range map[string]schedule.Details{
		"banner":      silent.to(schedule.Details{"banner_match": "x"}),
		"answer":      silent.to(schedule.Details{"send_body": "x", "body_match": "x"}),
		"TLS":         silent.to(schedule.Details{"ssl": "true"}),
		"takes bytes": silent.to(schedule.Details{"send_body": strings.Repeat("x", 60<<10), "body_match": "x"}),
		"drip":        drip.to(schedule.Details{"banner_match": "y"}),
	} {
		t.Run(name, func(t *testing.T) {
			leavesNothing(t, func() {
				within(t, limit, func() {
					fails(t, run(t, typed(t, Options{}, "remote.tcp"), d, limit), "check timed out after 0.3s")
				})
			})
		})
	}
}

func TestTCPRefusesWrongDetails(t *testing.T) {
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
		{schedule.Details{"target": "x", "port": 1, "body_match": strings.Repeat("x", 2000)}, `detail "body_match" is "` + strings.Repeat("x", 64) + `", not a pattern of at most 1024 bytes`},
	} {
		fails(t, looks(t, "remote.tcp", c.details), c.status)
	}
}
