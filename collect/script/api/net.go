package api

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect/script"
	"virgo/schedule/capability"
)

const (
	networkTimeout = 10 * time.Second // of one call, unless the script says more or less
	maxRecords     = 100
	maxHostBytes   = 255
)

func netModule() script.Module {
	return script.Module{
		Name: "net",
		Doc: "Connections and names. Each call waits for at most 10 seconds, or the option timeout, " +
			"and never longer than the check may take. At most 256 connections are made in a check, " +
			"with those of http and with what is resolved, and 32 are open at the same time. " + tlsDoc,
		Functions: []script.Function{
			{Name: "tcp", Signature: "net.tcp(host, port " +
				"[, {tls=false, timeout=10, insecure=false, ca, server_name, cert, key}]) -> connection",
				MinArgs: 2, MaxArgs: 3, Needs: capability.TCP,
				Doc: "Connects, with TLS where tls=true; nil and why if it fails.",
				Call: func(c *script.Call, l *lua.LState) int {
					o := optionsAt(l, 3, append(tlsNames(), "tls", "timeout")...)
					to := hostAndPort(l)
					to.Network = "tcp"
					if o.flag("tls", false) {
						to.TLS = tlsOptions(o, to.Host)
					} else if slices.ContainsFunc(tlsNames(), o.has) {
						l.ArgError(3, "options of TLS without tls=true")
					}
					return connect(c, l, to, o)
				}},
			{Name: "udp", Signature: "net.udp(host, port [, {timeout=10}]) -> connection",
				MinArgs: 2, MaxArgs: 3, Needs: capability.UDP,
				Doc: "Makes a socket for datagrams from and to one host: send sends one, read waits for one.",
				Call: func(c *script.Call, l *lua.LState) int {
					o, to := optionsAt(l, 3, "timeout"), hostAndPort(l)
					to.Network = "udp"
					return connect(c, l, to, o)
				}},
			{Name: "unix", Signature: "net.unix(path [, {timeout=10}]) -> connection",
				MinArgs: 1, MaxArgs: 2, Needs: capability.Unix,
				Doc: "Connects to a Unix socket; nil and why if it fails.",
				Call: func(c *script.Call, l *lua.LState) int {
					to := script.Connection{Network: "unix", Path: l.CheckString(1)}
					return connect(c, l, to, optionsAt(l, 2, "timeout"))
				}},
			{Name: "resolve", Signature: `net.resolve(name [, type="ANY"]) -> {record, ...}`,
				MinArgs: 1, MaxArgs: 2, Needs: capability.DNS,
				Doc: "The records of a name, by the host's own resolver, which also reads its hosts " +
					"file: addresses (ANY of both kinds, A, AAAA), CNAME, NS, PTR (of an address), " +
					`MX as "10 mail.example.", SRV as "priority weight port target.", TXT. Nil and ` +
					"why if there is none, or there are more than 100.",
				Call: resolve},
		},
		Methods: connectionMethods(),
	}
}

// hostAndPort reads the first two arguments.
func hostAndPort(l *lua.LState) script.Connection {
	host, port := l.CheckString(1), l.CheckInt(2)
	if len(host) > maxHostBytes || strings.ContainsAny(host, "\x00 /\\") || host == "" {
		l.ArgError(1, "want the name or the address of a host")
	}
	if port < 1 || port > 65535 {
		l.ArgError(2, "want a port from 1 to 65535")
	}
	return script.Connection{Host: host, Port: strconv.Itoa(port)}
}

// connect asks the guard, connects and pushes the connection.
func connect(c *script.Call, l *lua.LState, to script.Connection, o options) int {
	timeout := o.seconds("timeout", networkTimeout, c.Limits.Time)
	doing := "connecting to " + to.Path
	var err error
	if to.Network == "unix" {
		err = c.Guard.Unix(to.Path)
	} else {
		doing = "connecting to " + net.JoinHostPort(to.Host, to.Port)
		err = c.Guard.Connect(to.Network, to.Host, to.Port)
	}
	if err != nil {
		return decline(c, l, err)
	}
	closed := c.OpenConnection(l)
	to.Control = c.Guard.Control(to.Network, to.Host)
	var conn net.Conn
	err = c.Blocking(func(ctx context.Context) (err error) {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		conn, err = networkOf(c).Dial(ctx, to)
		return err
	})
	if err != nil {
		closed()
		return failNetwork(c, l, doing, err)
	}
	k := newConnection(conn, to.Host, to.Network == "udp", timeout)
	k.ended = closed
	return pushConnection(c, l, k)
}

func resolve(c *script.Call, l *lua.LState) int {
	name, recordType := l.CheckString(1), strings.ToUpper(l.OptString(2, "ANY"))
	if !slices.Contains(recordTypes(), recordType) {
		l.ArgError(2, fmt.Sprintf("unknown type of record %.40q; there are %s",
			recordType, strings.Join(recordTypes(), ", ")))
	}
	if len(name) > maxHostBytes {
		l.ArgError(1, "the name is too long")
	}
	if err := c.Guard.Name(name); err != nil {
		return decline(c, l, err)
	}
	c.Connect(l)
	var records []string
	err := c.Blocking(func(ctx context.Context) (err error) {
		ctx, cancel := context.WithTimeout(ctx, networkTimeout)
		defer cancel()
		records, err = networkOf(c).Resolve(ctx, name, recordType)
		return err
	})
	switch {
	case err != nil:
		return c.Fail(l, plainCause(err))
	case len(records) == 0:
		return c.Fail(l, fmt.Errorf("no records %s of %.64q", recordType, name))
	case len(records) > maxRecords:
		return c.Fail(l, fmt.Errorf("more than %d records of %.64q", maxRecords, name))
	}
	return pushTexts(c, l, records)
}
