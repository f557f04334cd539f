package torture

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"virgo/cmd/virgo/internal/agent"
	"virgo/cmd/virgo/internal/config"
	"virgo/collect"
	hostchecks "virgo/collect/host"
	"virgo/collect/plugin"
	"virgo/spool"
	"virgo/transport"
)

// The test binary is an agent instead where partVariable is set: "run", "keep" (a run that does not deliver) or "flush". It is the real agent, with
// a virgo.yaml of the host's, but a test can say at which point it is to be killed, and what its clock shows.
const (
	partVariable  = "VIRGO_TORTURE_PART"
	pointVariable = "VIRGO_TORTURE_POINT" // the point to be killed at and at which passing of it: "append.before 1"
	clockVariable = "VIRGO_TORTURE_CLOCK" // see skewed
)

// play is main of such an agent. It says on stdout each point that it comes by.
func play(part string) int {
	p := &points{}
	fmt.Sscan(os.Getenv(pointVariable), &p.name, &p.left) // unset: none
	a, cfg, err := p.agent()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ctx, cancel := context.WithTimeout(context.Background(), cfg.Deadline)
	defer cancel()
	switch part {
	case "run", "keep":
		var rep agent.Report
		if rep, err = a.Run(ctx, agent.Options{Deliver: part == "run"}); err == nil && rep.Lost > 0 {
			err = errors.New("results were lost")
		}
	case "flush":
		var d agent.Delivery
		if d, err = a.Flush(ctx); err == nil {
			err = d.Err
		}
	default:
		err = fmt.Errorf("no part %q", part)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// points are where a kill can hit. Each is said before it is passed, at once and in one write.
type points struct {
	mu   sync.Mutex
	name string // to die at
	left int    // passings of it until then
}

func (p *points) at(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	os.Stdout.WriteString("point " + name + "\n")
	if name != p.name {
		return
	}
	if p.left--; p.left != 0 {
		return
	}
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	if err != nil {
		panic(err)
	}
	select {} // until the kernel has done it
}

// agent joins the rooms as the real program does, with points in between.
func (p *points) agent() (*agent.Agent, config.Config, error) {
	path := os.Getenv("VIRGO_CONFIG")
	cfg, err := config.Load(path, true, os.Getenv)
	if err != nil {
		return nil, cfg, err
	}
	now := time.Now
	if spec := os.Getenv(clockVariable); spec != "" {
		if now, err = skewed(spec); err != nil {
			return nil, cfg, err
		}
	}
	sp, err := spool.Open(os.Getenv("VIRGO_STATE"), spool.Options{Now: now, Hook: p.at})
	if err != nil {
		return nil, cfg, err
	}
	a := &agent.Agent{
		ID: cfg.AgentID, Name: cfg.AgentName, Version: "0.0.1",
		Token: cfg.Token, Endpoints: cfg.Endpoints,
		TLS:            transport.TLSConfig{CAFile: cfg.CAFile, Pins: cfg.Pins},
		ScheduleMaxAge: cfg.ScheduleMaxAge,
		ChecksDir:      filepath.Join(filepath.Dir(path), "checks.d"),
		Concurrency:    cfg.Concurrency,
		Spool:          sp,
		Now:            now,
		Notice:         func(format string, args ...any) { fmt.Fprintf(os.Stderr, "notice: "+format+"\n", args...) },
		Verbose:        func(string, ...any) { p.at("line") },
		Checked:        func() { p.at("checked") },
		Connected:      func() { p.at("connected") },
		Slow:           func() { p.at("slow") },
		Progress:       func(int) { p.at("settled") },
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &watchedConn{conn, p}, nil
		},
	}
	types := hostchecks.Types(hostchecks.Options{Self: a.Self})
	types = append(types, plugin.Type(os.Getenv("VIRGO_PLUGINS"), os.Environ()...))
	a.Registry, err = collect.NewRegistry(types...)
	return a, cfg, err
}

// A watchedConn has a point before and after whatever is sent and received.
type watchedConn struct {
	net.Conn
	p *points
}

func (c *watchedConn) Write(b []byte) (int, error) {
	c.p.at("send.before")
	n, err := c.Conn.Write(b)
	c.p.at("send.after")
	return n, err
}

func (c *watchedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.p.at("receive.after")
	}
	return n, err
}

// The part is what the tests take it for: without points it delivers like the real program.
func TestPartIsTheAgent(t *testing.T) {
	e := newBooks(t)
	h := newHost(t, e.Address(), e.Pin())
	h.check("memory", "agent.memory")
	cmd := h.part(t, "run", "", "")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if n, waiting := len(once(t, e.Stored())), len(h.waiting()); n != 1 || waiting != 0 {
		t.Errorf("%d results stored and %d waiting, want 1 and 0", n, waiting)
	}
}
