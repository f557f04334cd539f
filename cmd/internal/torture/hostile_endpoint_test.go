package torture

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"virgo/transport"
	"virgo/transport/transporttest"
)

// A hostileEndpoint can be made to do anything to the agent that connects, and to behave well again. A result
// that it received and acknowledged counts as stored.
type hostileEndpoint struct {
	t        testing.TB
	good     *transporttest.Endpoint // behaves well, with the same certificate
	listener net.Listener
	serving  sync.WaitGroup
	closed   chan struct{} // closed with the endpoint

	mu           sync.Mutex
	behave       func(*hostileConn) // nil: behave well
	conf         *tls.Config        // nil: behave gets the connection without TLS
	acknowledged map[string]bool
	conns        map[net.Conn]bool
}

// newHostileEndpoint starts one that behaves well until become is called.
func newHostileEndpoint(t testing.TB, script transporttest.Script) *hostileEndpoint {
	t.Helper()
	good, err := transporttest.New(script)
	if err != nil {
		t.Fatal(err)
	}
	f := &hostileEndpoint{t: t, good: good, closed: make(chan struct{}), acknowledged: make(map[string]bool), conns: make(map[net.Conn]bool)}
	if f.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	f.serving.Go(func() {
		for {
			conn, err := f.listener.Accept()
			if err != nil {
				return
			}
			f.serving.Go(func() { f.serve(conn) })
		}
	})
	t.Cleanup(f.close)
	return f
}

func (f *hostileEndpoint) address() string { return f.listener.Addr().String() }

func (f *hostileEndpoint) close() {
	f.listener.Close()
	close(f.closed)
	f.closeConns()
	f.good.Close()
	f.serving.Wait()
}

// closeConns closes the open connections.
func (f *hostileEndpoint) closeConns() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for conn := range f.conns {
		conn.Close()
	}
}

// become sets what later connections meet: act, over TLS unless conf is nil; a nil act behaves well.
func (f *hostileEndpoint) become(act func(*hostileConn), conf *tls.Config) {
	f.closeConns()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.behave, f.conf = act, conf
}

// tlsConfig is a server's configuration with the certificate that the agent trusts.
func (f *hostileEndpoint) tlsConfig() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{f.good.Certificate()}}
}

func (f *hostileEndpoint) serve(raw net.Conn) {
	f.mu.Lock()
	act, conf := f.behave, f.conf
	f.conns[raw] = true
	f.mu.Unlock()
	defer func() {
		raw.Close()
		f.mu.Lock()
		delete(f.conns, raw)
		f.mu.Unlock()
	}()
	if act == nil {
		f.good.ServeTLS(raw)
		return
	}
	conn := raw
	if conf != nil {
		conn = tls.Server(raw, conf)
	}
	act(&hostileConn{Conn: conn, raw: raw, endpoint: f, r: transport.NewReader(conn)})
}

// A hostileConn is one connection of a hostile endpoint. Write errors are ignored: the agent is gone then.
type hostileConn struct {
	net.Conn
	raw      net.Conn // below TLS
	endpoint *hostileEndpoint
	r        *transport.Reader
}

// write sends the text unchanged and reports whether the connection still took it.
func (c *hostileConn) write(text string) bool {
	_, err := io.WriteString(c, text)
	return err == nil
}

// writeRepeatedly sends the text n times; where n is 0, until the connection breaks.
func (c *hostileConn) writeRepeatedly(text string, n int) {
	block, per := text, 1
	for len(block) < 64<<10 && (n == 0 || 2*per <= n) {
		block, per = block+block, per*2
	}
	for sent := 0; n == 0 || sent < n; sent += per {
		if !c.write(block) {
			return
		}
	}
}

// frame waits for the agent's next frame.
func (c *hostileConn) frame() (transport.Frame, bool) {
	f, err := c.r.ReadFrame()
	return f, err == nil
}

// answer writes a response with such a result.
func (c *hostileConn) answer(f transport.Frame, result string) bool {
	return c.write(response(f, result))
}

// fail writes a response with such an error.
func (c *hostileConn) fail(f transport.Frame, failure string) bool {
	return c.write(fmt.Sprintf(`{"v":"1","id":%d,"source":"endpoint","target":%q,"result":null,"error":%s}`+"\n", f.ID, f.Source, failure))
}

func response(f transport.Frame, result string) string {
	return fmt.Sprintf(`{"v":"1","id":%d,"source":"endpoint","target":%q,"result":%s,"error":null}`+"\n", f.ID, f.Source, result)
}

func request(id int, method, params string) string {
	return fmt.Sprintf(`{"v":"1","id":%d,"source":"endpoint","target":%q,"method":%q,"params":%s}`+"\n", id, agentID, method, params)
}

// hello waits for hello and returns it.
func (c *hostileConn) hello() (transport.Frame, bool) {
	f, ok := c.frame()
	return f, ok && f.Method == transport.MethodHello
}

const welcome = `{"heartbeat_interval":60000,"features":[{"name":"pipelining","version":"1"},{"name":"result_id","version":"1"},{"name":"schedule_hash","version":"1"}],"schedule_changed":false}`

// welcomeChanged is the welcome of an endpoint whose schedule has changed.
const welcomeChanged = `{"heartbeat_interval":60000,"features":[{"name":"pipelining","version":"1"}],"schedule_changed":true}`

// overrides replace the correct answer to a method ("": to a response); false ends the connection.
type overrides map[string]func(transport.Frame) bool

// serve behaves well except for what a overrides, until the agent is gone.
func (c *hostileConn) serve(a overrides) {
	for {
		f, ok := c.frame()
		if !ok {
			return
		}
		if !f.IsRequest() {
			if a[""] != nil && !a[""](f) {
				return
			}
			continue
		}
		act := a[f.Method]
		if act == nil {
			act = c.answerCorrectly
		}
		if !act(f) {
			return
		}
	}
}

// answerCorrectly answers as an endpoint should.
func (c *hostileConn) answerCorrectly(f transport.Frame) bool {
	switch f.Method {
	case transport.MethodHello:
		return c.answer(f, welcome)
	case transport.MethodPost:
		c.recordResult(f)
		return c.answer(f, "0")
	case transport.MethodHeartbeat:
		return c.answer(f, fmt.Sprintf(`{"timestamp":%d}`, time.Now().UnixMilli()))
	case transport.MethodSchedule:
		return c.answer(f, `{"checks":[]}`)
	}
	return c.fail(f, `{"code":404,"message":"unknown method"}`)
}

// recordResult notes a result before its acknowledgement is written.
func (c *hostileConn) recordResult(f transport.Frame) {
	var p struct {
		ResultID string `json:"result_id"`
	}
	if json.Unmarshal(f.Params, &p) != nil || p.ResultID == "" {
		c.endpoint.t.Errorf("posted: %.200s", f.Params)
		return
	}
	c.endpoint.mu.Lock()
	defer c.endpoint.mu.Unlock()
	c.endpoint.acknowledged[p.ResultID] = true
}

// waitForClose lasts as long as the connection and reads nothing.
func (c *hostileConn) waitForClose() { <-c.endpoint.closed }

// discardInput lasts as long as the connection, reads everything and writes nothing.
func (c *hostileConn) discardInput() { io.Copy(io.Discard, c) }

// writeSlowly sends the text a byte at a time.
func (c *hostileConn) writeSlowly(text string, pause time.Duration) bool {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for i := range len(text) {
		if !c.write(text[i : i+1]) {
			return false
		}
		select {
		case <-tick.C:
		case <-c.endpoint.closed:
			return false
		}
	}
	return true
}
