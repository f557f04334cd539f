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

// A conversation is one connection's.
type conversation struct {
	e      *Endpoint
	script *Script
	conn   net.Conn
	r      *transport.Reader
	w      *transport.Writer
	raw    io.Writer // beside w, for lines that no Writer would write

	requests int  // that the agent sent
	posts    int  // of them
	beats    int  // of them
	greeted  bool // hello was good
	held     *transport.Frame
	asked    int  // own requests
	ended    bool // by an error of the script's
}

var errBeforeHello = errors.New("a request before hello")

func newConversation(e *Endpoint, script *Script, conn net.Conn) *conversation {
	c := &conversation{e: e, script: script, conn: conn, r: transport.NewReader(conn), raw: conn}
	if script.Drip > 0 {
		c.raw = dripper{conn, script.Drip}
	}
	c.w = transport.NewWriter(c.raw)
	return c
}

// run serves until the agent closes, which is no error, or the script ends it.
func (c *conversation) run() error {
	for {
		f, err := c.r.ReadFrame()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case !f.IsRequest():
			f.Params, f.Result = bytes.Clone(f.Params), bytes.Clone(f.Result)
			c.e.books.mu.Lock()
			c.e.books.answers = append(c.e.books.answers, f)
			c.e.books.mu.Unlock()
			c.e.publish()
			continue
		}
		c.requests++
		c.e.books.mu.Lock()
		c.e.books.methods = append(c.e.books.methods, f.Method)
		c.e.books.mu.Unlock()
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
		if c.ended || !c.r.Ready() {
			if err := c.w.Flush(); err != nil {
				return err
			}
		}
		if c.ended {
			c.hangUp()
			return nil
		}
		if c.requests == c.script.DeafAt {
			<-c.e.done
			return nil
		}
	}
}

// hangUp says that nothing more follows and lets the agent read what was said: to close with requests
// unread would take the last words back (RFC 1122, 4.2.2.13).
func (c *conversation) hangUp() {
	if half, ok := c.conn.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	io.Copy(io.Discard, c.conn)
}

func (c *conversation) serve(f *transport.Frame) error {
	if f.Method == transport.MethodHello {
		return c.hello(f)
	}
	if !c.greeted && !c.script.Hasty {
		c.ended = true
		c.e.books.fault(fmt.Errorf("%w: %s", errBeforeHello, f.Method))
		return c.reply(f, nil, &transport.Error{Code: transport.CodeUnauthorized, Message: "say hello first"})
	}
	switch f.Method {
	case transport.MethodPost:
		return c.post(f)
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
	c.ended = true
	return c.reply(f, nil, transport.NotFound(f.Method))
}

func (c *conversation) post(f *transport.Frame) error {
	c.posts++
	refusal := &transport.Error{
		Code:    transport.CodeBadRequest,
		Message: "Rate limit has been reached, please try again later.",
		Type:    transport.TypeRateLimit,
	}
	if c.script.RateLimitAt == 0 || c.posts < c.script.RateLimitAt {
		refusal = c.e.books.take(c.script, f.Source, f.Params)
	}
	c.ended = refusal != nil && refusal.EndsSession()
	return c.reply(f, json.RawMessage("0"), refusal)
}

func (c *conversation) heartbeat(f *transport.Frame) error {
	if c.held != nil {
		held := c.held
		c.held = nil
		if err := c.reply(held, c.welcome(held), nil); err != nil {
			return err
		}
	}
	if c.beats++; c.beats == 1 {
		for _, r := range c.script.Requests {
			if err := c.ask(f.Source, r); err != nil {
				return err
			}
		}
	}
	c.e.publish()
	return c.reply(f, map[string]int64{"timestamp": time.Now().UnixMilli() + c.script.ClockOffset}, nil)
}

// ask sends a request of the endpoint's own.
func (c *conversation) ask(agent string, r Request) error {
	c.asked++
	return c.w.WriteFrame(&transport.Frame{
		ID: transport.ID(c.asked), HasID: true, Source: transport.EndpointName, Target: agent, Method: r.Method, Params: r.Params,
	})
}

func (c *conversation) reply(to *transport.Frame, result any, failed *transport.Error) error {
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
	if c.script.Sloppy && failed == nil {
		if err := c.w.Flush(); err != nil {
			return err
		}
		_, err := fmt.Fprintf(c.raw, `{"v": "1", "id": "%d", "source": "endpoint", "target": %q, "result": %s, "error": null, }`+"\r\n",
			out.ID, out.Target, out.Result)
		return err
	}
	return c.w.WriteFrame(&out)
}

// A dripper writes a byte at a time.
type dripper struct {
	w     io.Writer
	pause time.Duration
}

func (d dripper) Write(b []byte) (int, error) {
	for i := range b {
		time.Sleep(d.pause)
		if _, err := d.w.Write(b[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(b), nil
}
