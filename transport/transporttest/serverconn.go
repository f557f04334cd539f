package transporttest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"virgo/transport"
)

// A serverConn serves one connection.
type serverConn struct {
	e      *Endpoint
	script *Script
	conn   net.Conn
	r      *transport.Reader
	w      *transport.Writer
	raw    io.Writer // for lines that a Writer does not write

	requests     int            // of the agent
	posts        int            // of these
	heartbeats   int            // of them
	greeted      bool           // hello succeeded
	keyFields    map[string]any // of hello's result
	pendingHello *transport.Frame
	asked        int  // requests sent to the agent
	ended        bool // by an error of the script
}

var errBeforeHello = errors.New("a request before hello")

func newServerConn(e *Endpoint, script *Script, conn net.Conn) *serverConn {
	c := &serverConn{e: e, script: script, conn: conn, r: transport.NewReader(conn), raw: conn}
	if script.ByteDelay > 0 {
		c.raw = slowWriter{conn, script.ByteDelay}
	}
	c.w = transport.NewWriter(c.raw)
	return c
}

// run serves until the agent closes, which is not an error, or the script ends the connection.
func (c *serverConn) run() error {
	for {
		f, err := c.r.ReadFrame()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case !f.IsRequest():
			f.Params, f.Result = bytes.Clone(f.Params), bytes.Clone(f.Result)
			c.e.records.mu.Lock()
			c.e.records.answers = append(c.e.records.answers, f)
			c.e.records.mu.Unlock()
			c.e.publish()
			continue
		}
		c.requests++
		c.e.records.mu.Lock()
		c.e.records.methods = append(c.e.records.methods, f.Method)
		c.e.records.mu.Unlock()
		if c.script.StallAt > 0 && c.requests >= c.script.StallAt {
			if err := c.w.Flush(); err != nil {
				return err
			}
			continue
		}
		if c.script.Delay > 0 {
			time.Sleep(c.script.Delay)
		}
		if err := c.serve(&f); err != nil {
			return err
		}
		if c.ended {
			c.e.publish()
		}
		if c.ended || !c.r.Ready() || c.script.Delay > 0 {
			if err := c.w.Flush(); err != nil {
				return err
			}
		}
		if c.ended {
			c.closeAndDrain()
			return nil
		}
		if c.requests == c.script.StopReadingAt {
			<-c.e.done
			return nil
		}
	}
}

// closeAndDrain closes the writing side and reads what the agent still sends: to close TCP with
// unread requests would reset the connection and discard the last answers (RFC 1122, 4.2.2.13).
func (c *serverConn) closeAndDrain() {
	if half, ok := c.conn.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	io.Copy(io.Discard, c.conn)
}

func (c *serverConn) serve(f *transport.Frame) error {
	if f.Method == transport.MethodHello {
		return c.hello(f)
	}
	if !c.greeted && !c.script.AnswerHelloLast {
		c.ended = true
		c.e.records.fault(fmt.Errorf("%w: %s", errBeforeHello, f.Method))
		return c.reply(f, nil, &transport.Error{Code: transport.CodeUnauthorized, Message: "say hello first"})
	}
	switch f.Method {
	case transport.MethodPost:
		return c.post(f)
	case transport.MethodPostMulti:
		return c.postMulti(f)
	case transport.MethodHeartbeat:
		return c.heartbeat(f)
	case transport.MethodSchedule:
		checks := c.script.Schedule
		if checks == nil {
			checks = json.RawMessage("[]")
		}
		result := map[string]any{"checks": checks}
		if c.script.has(transport.FeatureScheduleHash) {
			result["schedule_hash"] = c.script.ScheduleHash
		}
		return c.reply(f, result, nil)
	}
	if c.script.Answer != nil {
		result, refusal := c.script.Answer(f.Method, f.Params)
		c.ended = refusal != nil && refusal.EndsSession()
		return c.reply(f, result, refusal)
	}
	c.ended = true
	return c.reply(f, nil, transport.NotFound(f.Method))
}

func (c *serverConn) post(f *transport.Frame) error {
	c.posts++
	refusal := c.script.rateLimit()
	if c.script.RateLimitAt == 0 || c.posts < c.script.RateLimitAt {
		refusal = c.e.records.take(c.script, f.Source, f.Params)
	}
	c.ended = refusal != nil && refusal.EndsSession()
	return c.reply(f, json.RawMessage("0"), refusal)
}

func (c *serverConn) heartbeat(f *transport.Frame) error {
	if c.pendingHello != nil {
		pendingHello := c.pendingHello
		c.pendingHello = nil
		if err := c.reply(pendingHello, c.welcome(pendingHello), nil); err != nil {
			return err
		}
	}
	if c.heartbeats++; c.heartbeats == 1 {
		for _, r := range c.script.Requests {
			if err := c.ask(f.Source, r); err != nil {
				return err
			}
		}
	}
	c.e.publish()
	return c.reply(f, map[string]int64{"timestamp": time.Now().UnixMilli() + c.script.ClockOffset}, nil)
}

// ask sends a request to the agent.
func (c *serverConn) ask(agent string, r Request) error {
	c.asked++
	return c.w.WriteFrame(&transport.Frame{
		ID: transport.ID(c.asked), HasID: true, Source: transport.EndpointName, Target: agent, Method: r.Method, Params: r.Params,
	})
}

func (c *serverConn) reply(to *transport.Frame, result any, failed *transport.Error) error {
	out := transport.Frame{
		V: c.script.Version, ID: to.ID, HasID: true, Source: transport.EndpointName, Target: to.Source, Error: failed,
	}
	if failed == nil {
		b, err := json.Marshal(result)
		if err != nil {
			return err
		}
		out.Result = b
	}
	if c.script.LooseJSON && failed == nil {
		if err := c.w.Flush(); err != nil {
			return err
		}
		_, err := fmt.Fprintf(c.raw, `{"v": "1", "id": "%d", "source": "endpoint", "target": %q, "result": %s, "error": null, }`+"\r\n",
			out.ID, out.Target, out.Result)
		return err
	}
	return c.w.WriteFrame(&out)
}

// A slowWriter writes one byte at a time, after a pause.
type slowWriter struct {
	w     io.Writer
	pause time.Duration
}

func (d slowWriter) Write(b []byte) (int, error) {
	for i := range b {
		time.Sleep(d.pause)
		if _, err := d.w.Write(b[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(b), nil
}
