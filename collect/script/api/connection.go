package api

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect/script"
)

// connectionMethods are those of what the functions of net return.
func connectionMethods() []script.Function {
	return []script.Function{
		{Name: "send", Signature: "connection:send(text) -> true", MinArgs: 2, MaxArgs: 2,
			Doc: "Sends a text, or one datagram; nil and why if it fails.", Call: sendText},
		{Name: "line", Signature: "connection:line([max]) -> text", MinArgs: 1, MaxArgs: 2,
			Doc: "The next line without its end, of at most max bytes (64 KiB); nil and why at the " +
				"end, also of a line that has none.", Call: readLine},
		{Name: "read", Signature: "connection:read(n) -> text", MinArgs: 2, MaxArgs: 2,
			Doc: "The next n bytes, nil and why if there are fewer; of a socket for datagrams one " +
				"datagram, of which what is behind n bytes is lost.", Call: readBytes},
		{Name: "all", Signature: "connection:all([max]) -> text", MinArgs: 1, MaxArgs: 2,
			Doc: "What comes until the other side closes; nil and why if it is more than max bytes " +
				"(1 MiB).", Call: readAll},
		{Name: "starttls", Signature: "connection:starttls([{insecure=false, ca, server_name, cert, key}]) -> true",
			MinArgs: 1, MaxArgs: 2,
			Doc: "Goes on with TLS, once the other side agreed to it in its own protocol; nil and " +
				"why if it fails, and the connection is closed then.", Call: startTLS},
		{Name: "certificate", Signature: "connection:certificate() -> certificate", MinArgs: 1, MaxArgs: 1,
			Doc: "The server's certificate, as x509.decode has it; nil without TLS.",
			Call: func(_ *script.Call, l *lua.LState) int {
				if secure, ok := connectionAt(l).conn.(interface{ ConnectionState() tls.ConnectionState }); ok {
					state := secure.ConnectionState()
					return pushCertificate(l, &state)
				}
				return pushCertificate(l, nil)
			}},
		{Name: "close", Signature: "connection:close() -> nil", MinArgs: 1, MaxArgs: 1,
			Doc: "Closes the connection. The end of the check does so, too.",
			Call: func(_ *script.Call, l *lua.LState) int {
				connectionAt(l).close()
				l.Push(lua.LNil)
				return 1
			}},
	}
}

// A connection is what scripts hold.
type connection struct {
	conn      net.Conn
	r         *bufio.Reader
	host      string
	datagrams bool
	timeout   time.Duration
	closed    bool
	ended     func() // it counts no longer
}

func newConnection(conn net.Conn, host string, datagrams bool, timeout time.Duration) *connection {
	return &connection{
		conn: conn, r: bufio.NewReaderSize(conn, maxLine), host: host, datagrams: datagrams, timeout: timeout,
	}
}

func (k *connection) close() {
	k.closed = true
	k.conn.Close()
	k.ended()
	k.r = nil // a script may close and hold hundreds
}

// pushConnection pushes a connection that ends with the check.
func pushConnection(c *script.Call, l *lua.LState, k *connection) int {
	c.AtEnd(k.close)
	l.Push(c.Object(l, "connection", k, connectionMethods()))
	return 1
}

func connectionAt(l *lua.LState) *connection {
	u, ok := l.Get(1).(*lua.LUserData)
	if ok {
		if k, ok := u.Value.(*connection); ok {
			return k
		}
	}
	l.ArgError(1, "want a connection: its functions are called with a colon, as in conn:line()")
	return nil
}

// wait calls f with a deadline on the connection.
func (k *connection) wait(c *script.Call, f func() error) error {
	if k.closed {
		return net.ErrClosed
	}
	return c.Blocking(func(ctx context.Context) error {
		deadline := time.Now().Add(k.timeout)
		if end, ok := ctx.Deadline(); ok && end.Before(deadline) {
			deadline = end
		}
		if err := k.conn.SetDeadline(deadline); err != nil {
			return err
		}
		stop := context.AfterFunc(ctx, func() { k.conn.SetDeadline(time.Unix(1, 0)) })
		defer stop()
		return f()
	})
}

func sendText(c *script.Call, l *lua.LState) int {
	k, text := connectionAt(l), textAt(c, l, 2)
	err := k.wait(c, func() error {
		_, err := io.WriteString(k.conn, text)
		return err
	})
	if err != nil {
		return failNetwork(c, l, "sending", err)
	}
	l.Push(lua.LTrue)
	return 1
}

// startTLS negotiates TLS. What came before it in plain text could be anybody's: it is not taken
// for an answer later.
func startTLS(c *script.Call, l *lua.LState) int {
	k := connectionAt(l)
	config := tlsOptions(optionsAt(l, 2, tlsNames()...), k.host)
	if _, ok := k.conn.(*tls.Conn); ok || k.datagrams {
		return c.Raise(l, "starttls is for a TCP connection without TLS")
	}
	secure := tls.Client(k.conn, config)
	err := k.wait(c, func() error {
		if n := k.r.Buffered(); n > 0 {
			return fmt.Errorf("%d bytes came before TLS", n)
		}
		return secure.Handshake()
	})
	if err != nil {
		k.close()
		return failNetwork(c, l, "starting TLS", err)
	}
	k.conn = secure
	k.r.Reset(secure)
	l.Push(lua.LTrue)
	return 1
}

// most returns a number of bytes at an argument.
func most(c *script.Call, l *lua.LState, arg, otherwise int) int {
	n := l.OptInt(arg, min(otherwise, c.Limits.StringBytes))
	if n < 1 || n > c.Limits.StringBytes {
		l.ArgError(arg, fmt.Sprintf("want from 1 to %d bytes", c.Limits.StringBytes))
	}
	return n
}

func readLine(c *script.Call, l *lua.LState) int {
	k, n := connectionAt(l), most(c, l, 2, maxLine)
	if k.datagrams {
		return c.Raise(l, "a socket for datagrams has no lines: use read")
	}
	var line []byte
	err := k.wait(c, func() error {
		for {
			piece, err := k.r.ReadSlice('\n')
			line = append(line, piece...)
			switch {
			case len(line) > n+len("\r\n"):
				return fmt.Errorf("a line of more than %d bytes", n)
			case !errors.Is(err, bufio.ErrBufferFull):
				return err
			}
		}
	})
	text := withoutEnd(string(line))
	if err == nil && len(text) > n {
		err = fmt.Errorf("a line of more than %d bytes", n)
	}
	if err != nil {
		return failNetwork(c, l, "reading", err)
	}
	return c.Push(l, text)
}

func readBytes(c *script.Call, l *lua.LState) int {
	k, n := connectionAt(l), most(c, l, 2, 0)
	var text []byte
	err := k.wait(c, func() (err error) {
		if k.datagrams {
			text = make([]byte, n)
			n, err = k.conn.Read(text)
			text = text[:n]
			return err
		}
		if text, err = readSome(k.r, n); err == nil && len(text) < n {
			err = io.ErrUnexpectedEOF
		}
		return err
	})
	if err != nil {
		return failNetwork(c, l, "reading", err)
	}
	return c.Push(l, string(text))
}

func readAll(c *script.Call, l *lua.LState) int {
	k, n := connectionAt(l), most(c, l, 2, c.Limits.BodyBytes)
	if k.datagrams {
		return c.Raise(l, "a socket for datagrams has no end: use read")
	}
	var text []byte
	err := k.wait(c, func() (err error) {
		if text, err = readSome(k.r, n+1); err == nil && len(text) > n {
			err = fmt.Errorf("more than %d bytes", n)
		}
		return err
	})
	if err != nil {
		return failNetwork(c, l, "reading", err)
	}
	return c.Push(l, string(text))
}

// readSome reads at most n bytes, and takes memory as they come: n is what a script hopes for.
func readSome(r io.Reader, n int) ([]byte, error) {
	return io.ReadAll(io.LimitReader(r, int64(n)))
}
