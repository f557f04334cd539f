package peertest

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"testing"
)

// A Peer is one connection to an endpoint.
type Peer struct {
	// Conn is the connection; a test may write to it what it likes.
	Conn *tls.Conn

	t      testing.TB
	r      *bufio.Reader
	lastID int
}

// Dial opens a TCP connection and its TLS; the connection is closed when the test ends.
func Dial(t testing.TB, addr string, cfg *tls.Config) *Peer {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return Over(t, nc, cfg)
}

// Over opens TLS over a connection, which is closed when the test ends.
func Over(t testing.TB, nc net.Conn, cfg *tls.Config) *Peer {
	t.Helper()
	tc := tls.Client(nc, cfg)
	t.Cleanup(func() { nc.Close() })
	if err := tc.Handshake(); err != nil {
		t.Fatal(err)
	}
	return &Peer{Conn: tc, t: t, r: bufio.NewReader(tc)}
}

// A Reply is any frame of the endpoint's.
type Reply struct {
	V      string
	ID     int
	Source string
	Target string
	Method string
	Params json.RawMessage
	Result json.RawMessage
	Error  *struct {
		Code         int
		Message      string
		Type         string
		RetryAfterMS int64 `json:"retry_after_ms"`
	}
}

// Write writes text as it is.
func (p *Peer) Write(text string) {
	p.t.Helper()
	if _, err := p.Conn.Write([]byte(text)); err != nil {
		p.t.Fatalf("write: %v", err)
	}
}

// Send sends a request of a source and returns its id.
func (p *Peer) Send(source, method, params string) int {
	p.t.Helper()
	p.lastID++
	p.Write(Frame(p.lastID, source, method, params))
	return p.lastID
}

// Read reads the next frame.
func (p *Peer) Read() Reply {
	p.t.Helper()
	r, err := p.TryRead()
	if err != nil {
		p.t.Fatalf("read: %v", err)
	}
	return r
}

// TryRead reads the next frame, or returns why there is none.
func (p *Peer) TryRead() (Reply, error) {
	line, err := p.r.ReadBytes('\n')
	if err != nil {
		return Reply{}, err
	}
	var r Reply
	if err := json.Unmarshal(line, &r); err != nil {
		return Reply{}, fmt.Errorf("%q: %w", line, err)
	}
	return r, nil
}

// Call sends a request and reads its answer, which has to be the next frame.
func (p *Peer) Call(source, method, params string) Reply {
	p.t.Helper()
	id := p.Send(source, method, params)
	r := p.Read()
	if r.ID != id || r.Method != "" || r.V != "1" || r.Target != source || r.Source != "endpoint" {
		p.t.Fatalf("the answer to request %d of %q is %+v", id, source, r)
	}
	return r
}

// OK calls and expects a result, which it returns.
func (p *Peer) OK(source, method, params string) string {
	p.t.Helper()
	r := p.Call(source, method, params)
	if r.Error != nil {
		p.t.Fatalf("%s: error %d %s", method, r.Error.Code, r.Error.Message)
	}
	return string(r.Result)
}

// Refused calls and expects an error of this code, whose message it returns.
func (p *Peer) Refused(code int, source, method, params string) string {
	p.t.Helper()
	r := p.Call(source, method, params)
	if r.Error == nil || r.Error.Code != code {
		p.t.Fatalf("%s: result %s, error %+v; want error %d", method, r.Result, r.Error, code)
	}
	return r.Error.Message
}

// Hello opens a session; the agent's id is its source.
func (p *Peer) Hello(source, token string) string {
	p.t.Helper()
	return p.OK(source, "handshake.hello", Hello(source, token))
}

// Ended expects the endpoint to close the connection without another frame.
func (p *Peer) Ended() {
	p.t.Helper()
	if r, err := p.TryRead(); err == nil {
		p.t.Fatalf("another frame: %+v", r)
	}
}
