package api

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"virgo/collect/script"
)

// echo answers each line with the same, a long text to "long", and closes at "bye".
func echo(t *testing.T) (port string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { conn.Close() })
			go func() {
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					switch lines.Text() {
					case "bye":
						conn.Close()
						return
					case "long":
						io.WriteString(conn, strings.Repeat("x", 2<<20))
					default:
						fmt.Fprintf(conn, "%s\r\n", lines.Text())
					}
				}
			}()
		}
	}()
	_, port, _ = net.SplitHostPort(ln.Addr().String())
	return port
}

func TestConnections(t *testing.T) {
	port := echo(t)
	datagrams, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { datagrams.Close() })
	go func() {
		b := make([]byte, 100)
		for {
			n, from, err := datagrams.ReadFrom(b)
			if err != nil {
				return
			}
			datagrams.WriteTo(b[:n], from)
		}
	}()
	_, udp, _ := net.SplitHostPort(datagrams.LocalAddr().String())
	guard := &allowing{list: []string{"tcp 127.0.0.1:" + port, "udp 127.0.0.1:" + udp, "address 127.0.0.1:*", "tcp 127.0.0.1:1"}}
	rows := []row{
		{code: `local c = net.tcp("127.0.0.1", PORT) return c:send("one\ntwo\nthree\n"), c:line(), c:read(3), c:line(), c:line(), c:certificate()`, want: "true | one | two |  | three | nil"},
		{code: `local c = net.tcp("127.0.0.1", PORT) c:send("a\nb\nbye\n") return c:all()`, want: "a\r\nb\r\n"},
		{code: `local c = net.tcp("127.0.0.1", PORT) c:send("a\nbye\n") return c:read(9)`, want: "nil | reading: the connection was closed"},
		{code: `local c = net.tcp("127.0.0.1", PORT) c:send("bye\n") return c:line()`, want: "nil | reading: the connection was closed"},
		{code: `local c = net.tcp("127.0.0.1", PORT) c:send("abcdef\n") return c:line(5)`, want: "nil | reading: a line of more than 5 bytes"},
		{code: `local c = net.tcp("127.0.0.1", PORT) c:send("abcdef\n") return c:line(6)`, want: "abcdef"},
		{code: `local c = net.tcp("127.0.0.1", PORT) c:send("long\n") return c:line()`, want: "nil | reading: a line of more than 65536 bytes"},
		{code: `local c = net.tcp("127.0.0.1", PORT) c:send("long\nbye\n") return c:all()`, want: "nil | reading: more than 1048576 bytes"},
		{code: `local c = net.tcp("127.0.0.1", PORT) c:send("long\nbye\n") return #c:read(1048576)`, want: "1048576"},
		{code: `local c = net.tcp("127.0.0.1", PORT) c:send("abc\n") c:read(1) return c:starttls()`, want: "nil | starting TLS: 4 bytes came before TLS"},
		{code: `local c = net.tcp("127.0.0.1", PORT) c:close() c:close() return c:send("x")`, want: "nil | sending: the connection was closed"},
		{code: `local c = net.udp("127.0.0.1", UDP) c:send("ping") local first = c:read(100) c:send("second") return first, c:read(3)`, want: "ping | sec"},
		{code: `local c = net.udp("127.0.0.1", UDP) return c:line()`, raises: "a socket for datagrams has no lines"},
		{code: `local c = net.udp("127.0.0.1", UDP) return c:all()`, raises: "a socket for datagrams has no end"},
		{code: `return net.tcp("127.0.0.1", 1)`, want: "nil | connecting to 127.0.0.1:1: connection refused"},
		{code: `return net.tcp("127.0.0.1", UDP)`, raises: "which it does not declare"},
		{code: `return net.udp("127.0.0.1", PORT)`, raises: "which it does not declare"},
		{code: `return net.tcp("127.0.0.1", 0)`, raises: "want a port from 1 to 65535"},
		{code: `return net.tcp("a b", 1)`, raises: "want the name or the address of a host"},
		{code: `return net.tcp("", 1)`, raises: "want the name or the address of a host"},
		{code: `local c = net.tcp("127.0.0.1", PORT) return c.line()`, raises: "connection.line got 0 arguments: connection:line([max]) -> text"},
		{code: `local c = net.tcp("127.0.0.1", PORT) return c.line("x")`, raises: "want a connection: its functions are called with a colon"},
		{code: `local c = net.tcp("127.0.0.1", PORT) return c:read(0)`, raises: "want from 1 to 1048576 bytes"},
		{code: `local c = net.tcp("127.0.0.1", PORT) return getmetatable(c), c.nothing, (pcall(setmetatable, c, {}))`, want: "connection | nil | false"},
		{code: `for i = 1, 33 do net.tcp("127.0.0.1", PORT) end`, raises: "more than 32 open connections"},
		{code: `for i = 1, 257 do local c = net.tcp("127.0.0.1", PORT) c:close() c:close() end`, raises: "more than 256 connections"},
		{code: `for i = 1, 257 do net.tcp("127.0.0.1", 1) end`, raises: "more than 256 connections"},
		{code: `local c = net.tcp("127.0.0.1", PORT) c:close() return c:line()`, want: "nil | reading: the connection was closed"},
	}
	for i := range rows {
		for _, text := range []*string{&rows[i].code, &rows[i].want} {
			*text = strings.NewReplacer("PORT", port, "UDP", udp).Replace(*text)
		}
	}
	runRows(t, guard, rows)
}

// A timeout is one of each call: connecting takes none of the time that reading has.
func TestSilentServer(t *testing.T) {
	guard := &allowing{list: []string{"tcp silent.example:1"}}
	runRows(t, guard, []row{
		{code: `local c = net.tcp("silent.example", 1, {timeout=0.05}) return c:line()`, want: "nil | reading: no answer in time"},
	}, func(o *script.Options) { o.World.Network = silent{} })
}

// silent is a server that says nothing.
type silent struct{ hostNetwork }

func (silent) Dial(context.Context, script.Connection) (net.Conn, error) {
	near, _ := net.Pipe()
	return near, nil
}

func TestResolve(t *testing.T) {
	guard := &allowing{list: []string{"dns *.example"}}
	world := func(o *script.Options) { o.World.Network = zone{} }
	guard.list = []string{"dns here.example", "dns many.example", "dns none.example"}
	runRows(t, guard, []row{
		{code: `return net.resolve("here.example"), net.resolve("here.example", "mx")`, want: "{ANY here.example} | {MX here.example}"},
		{code: `return net.resolve("many.example")`, want: `nil | more than 100 records of "many.example"`},
		{code: `return net.resolve("none.example", "A")`, want: `nil | no such host: "none.example"`},
		{code: `for i = 1, 257 do net.resolve("here.example") end`, raises: "more than 256 connections"},
		{code: `return net.resolve("other.example")`, raises: `uses name "other.example", which it does not declare`},
		{code: `return net.resolve("here.example", "AXFR")`, raises: `unknown type of record "AXFR"`},
	}, world)
	guard.list = []string{"dns localhost", "dns 127.0.0.1"}
	got, err := run(t, guard, `return net.resolve("localhost", "A")`)
	if err != nil || got != "{127.0.0.1}" {
		t.Errorf("localhost: %s, %v", got, err)
	}
}

// zone is a captured answer of a resolver.
type zone struct{ hostNetwork }

func (zone) Resolve(_ context.Context, name, recordType string) ([]string, error) {
	switch name {
	case "many.example":
		return make([]string, maxRecords+1), nil
	case "none.example":
		return nil, &net.DNSError{Name: name, IsNotFound: true}
	}
	return []string{recordType + " " + name}, nil
}

// The records of a zone, in the forms that the documentation has.
func TestLookUp(t *testing.T) {
	zone := []string{
		"here.example. 60 IN A 192.0.2.2", "here.example. 60 IN A 192.0.2.1", "here.example. 60 IN AAAA 2001:db8::1", "alias.example. 60 IN CNAME here.example.",
		"example. 60 IN MX 20 b.example.", "example. 60 IN MX 10 a.example.", "example. 60 IN NS ns.example.", "example. 60 IN TXT \"v=spf1\" \" -all\"",
		"_x._tcp.example. 60 IN SRV 1 2 3 here.example.", "1.2.0.192.in-addr.arpa. 60 IN PTR here.example.",
	}
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		answer := new(dns.Msg).SetReply(q)
		for _, line := range zone {
			rr, err := dns.NewRR(line)
			if err != nil {
				t.Error(err)
				continue
			}
			asked := q.Question[0]
			if h := rr.Header(); h.Name == asked.Name && (h.Rrtype == asked.Qtype || h.Rrtype == dns.TypeCNAME) {
				answer.Answer = append(answer.Answer, rr)
			}
		}
		w.WriteMsg(answer)
	})}
	go server.ActivateAndServe()
	t.Cleanup(func() { server.Shutdown() })
	r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
	for _, c := range []struct{ name, recordType, want string }{
		{"here.example.", "A", "192.0.2.1|192.0.2.2"}, {"here.example.", "AAAA", "2001:db8::1"}, {"here.example.", "ANY", "192.0.2.1|192.0.2.2|2001:db8::1"},
		{"example.", "MX", "10 a.example.|20 b.example."}, {"example.", "NS", "ns.example."}, {"example.", "TXT", "v=spf1 -all"},
		{"_x._tcp.example.", "SRV", "1 2 3 here.example."}, {"192.0.2.1", "PTR", "here.example."},
	} {
		records, err := lookUp(t.Context(), r, c.name, c.recordType)
		if got := strings.Join(records, "|"); err != nil || got != c.want {
			t.Errorf("%s %s: %s, %v; want %s", c.recordType, c.name, got, err, c.want)
		}
	}
	if records, err := lookUp(t.Context(), r, "none.example.", "MX"); err == nil {
		t.Errorf("no records: %q", records)
	}
	if _, err := lookUp(t.Context(), r, "example.", "AXFR"); err == nil {
		t.Error("an unknown type was looked up")
	}
}
