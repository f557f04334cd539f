package api

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"virgo/collect/script"
)

// echo answers each line with the same, closes at "bye" and says nothing to "wait".
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
					case "wait":
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
		{code: `local c = net.tcp("127.0.0.1", PORT, {timeout=0.05}) c:send("wait\n") return c:line()`, want: "nil | reading: no answer in time"},
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
		{code: `for i = 1, 33 do net.tcp("127.0.0.1", PORT) end`, raises: "more than 32 connections"},
	}
	for i := range rows {
		for _, text := range []*string{&rows[i].code, &rows[i].want} {
			*text = strings.NewReplacer("PORT", port, "UDP", udp).Replace(*text)
		}
	}
	runRows(t, guard, rows)
}

func TestResolve(t *testing.T) {
	guard := &allowing{list: []string{"dns *.example"}}
	world := func(o *script.Options) { o.World.Network = zone{} }
	guard.list = []string{"dns here.example", "dns many.example", "dns none.example"}
	runRows(t, guard, []row{
		{code: `return net.resolve("here.example"), net.resolve("here.example", "mx")`, want: "{ANY here.example} | {MX here.example}"},
		{code: `return net.resolve("many.example")`, want: `nil | more than 100 records of "many.example"`},
		{code: `return net.resolve("none.example", "A")`, want: `nil | no such host: "none.example"`},
		{code: `for i = 1, 33 do net.resolve("here.example") end`, raises: "more than 32 connections"},
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
