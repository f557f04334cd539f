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

// A foe is an endpoint that can be made to do anything to the agent that connects, and to be good again. What
// it acknowledges to a result that it was sent counts as stored.
type foe struct {
	t        testing.TB
	good     *transporttest.Endpoint // shows the same certificate
	listener net.Listener
	serving  sync.WaitGroup
	over     chan struct{} // closed when the foe is

	mu    sync.Mutex
	act   func(*talk) // nil: good
	conf  *tls.Config // nil: act gets the bare connection
	took  map[string]bool
	conns map[net.Conn]bool
}

// newFoe makes a foe that is good as yet.
func newFoe(t testing.TB, script transporttest.Script) *foe {
	t.Helper()
	good, err := transporttest.New(script)
	if err != nil {
		t.Fatal(err)
	}
	f := &foe{t: t, good: good, over: make(chan struct{}), took: make(map[string]bool), conns: make(map[net.Conn]bool)}
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

func (f *foe) address() string { return f.listener.Addr().String() }

func (f *foe) close() {
	f.listener.Close()
	close(f.over)
	f.hangUp()
	f.good.Close()
	f.serving.Wait()
}

// hangUp ends the connections that are open.
func (f *foe) hangUp() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for conn := range f.conns {
		conn.Close()
	}
}

// turn makes it do act, over TLS unless conf is nil; a nil act makes it good.
func (f *foe) turn(act func(*talk), conf *tls.Config) {
	f.hangUp()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.act, f.conf = act, conf
}

// tls is a server's configuration with the certificate that the agent trusts.
func (f *foe) tls() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{f.good.Certificate()}}
}

func (f *foe) serve(raw net.Conn) {
	f.mu.Lock()
	act, conf := f.act, f.conf
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
	act(&talk{Conn: conn, raw: raw, foe: f, r: transport.NewReader(conn)})
}

// A talk is one connection of a foe's. What cannot be written is of no interest: the agent is gone.
type talk struct {
	net.Conn
	raw net.Conn // below TLS
	foe *foe
	r   *transport.Reader
}

// say writes, as it is, and tells whether anybody still takes it.
func (c *talk) say(text string) bool {
	_, err := io.WriteString(c, text)
	return err == nil
}

// sayOften says the same, n times, or until nobody takes it where n is 0.
func (c *talk) sayOften(text string, n int) {
	block, per := text, 1
	for len(block) < 64<<10 && (n == 0 || 2*per <= n) {
		block, per = block+block, per*2
	}
	for said := 0; n == 0 || said < n; said += per {
		if !c.say(block) {
			return
		}
	}
}

// frame waits for the agent's next frame.
func (c *talk) frame() (transport.Frame, bool) {
	f, err := c.r.ReadFrame()
	return f, err == nil
}

// answer writes a response with such a result.
func (c *talk) answer(f transport.Frame, result string) bool {
	return c.say(response(f, result))
}

// fail writes a response with such an error.
func (c *talk) fail(f transport.Frame, failure string) bool {
	return c.say(fmt.Sprintf(`{"v":"1","id":%d,"source":"endpoint","target":%q,"result":null,"error":%s}`+"\n", f.ID, f.Source, failure))
}

func response(f transport.Frame, result string) string {
	return fmt.Sprintf(`{"v":"1","id":%d,"source":"endpoint","target":%q,"result":%s,"error":null}`+"\n", f.ID, f.Source, result)
}

func request(id int, method, params string) string {
	return fmt.Sprintf(`{"v":"1","id":%d,"source":"endpoint","target":%q,"method":%q,"params":%s}`+"\n", id, agentID, method, params)
}

// hello waits for hello and gives it.
func (c *talk) hello() (transport.Frame, bool) {
	f, ok := c.frame()
	return f, ok && f.Method == transport.MethodHello
}

const welcome = `{"heartbeat_interval":60000,"features":[{"name":"pipelining","version":"1"},{"name":"result_id","version":"1"},{"name":"schedule_hash","version":"1"}],"schedule_changed":false}`

// news is the welcome of an endpoint with another schedule.
const news = `{"heartbeat_interval":60000,"features":[{"name":"pipelining","version":"1"}],"schedule_changed":true}`

// An answering is what a foe does in the place of the right answer; false ends the connection.
type answering map[string]func(transport.Frame) bool

// serve does everything right but for what a has, until the agent is gone.
func (c *talk) serve(a answering) {
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
			act = c.right
		}
		if !act(f) {
			return
		}
	}
}

// right gives the right answer.
func (c *talk) right(f transport.Frame) bool {
	switch f.Method {
	case transport.MethodHello:
		return c.answer(f, welcome)
	case transport.MethodPost:
		c.store(f)
		return c.answer(f, "0")
	case transport.MethodHeartbeat:
		return c.answer(f, fmt.Sprintf(`{"timestamp":%d}`, time.Now().UnixMilli()))
	case transport.MethodSchedule:
		return c.answer(f, `{"checks":[]}`)
	}
	return c.fail(f, `{"code":404,"message":"unknown method"}`)
}

// store takes a result, before its acknowledgement is written.
func (c *talk) store(f transport.Frame) {
	var p struct {
		ResultID string `json:"result_id"`
	}
	if json.Unmarshal(f.Params, &p) != nil || p.ResultID == "" {
		c.foe.t.Errorf("posted: %.200s", f.Params)
		return
	}
	c.foe.mu.Lock()
	defer c.foe.mu.Unlock()
	c.foe.took[p.ResultID] = true
}

// wait lasts as long as the connection, reading nothing.
func (c *talk) wait() { <-c.foe.over }

// listen lasts as long as the connection, saying nothing.
func (c *talk) listen() { io.Copy(io.Discard, c) }

// drip says it a byte at a time.
func (c *talk) drip(text string, pause time.Duration) bool {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for i := range len(text) {
		if !c.say(text[i : i+1]) {
			return false
		}
		select {
		case <-tick.C:
		case <-c.foe.over:
			return false
		}
	}
	return true
}
