package torture

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"virgo/cmd/internal/config"
	"virgo/cmd/internal/hostkey"
	"virgo/cmd/internal/link"
	"virgo/cmd/internal/run"
	"virgo/collect"
	hostchecks "virgo/collect/host"
	"virgo/collect/plugin"
	"virgo/schedule/policy"
	"virgo/schedule/yaml/full"
	"virgo/spool"
	"virgo/transport"
)

// Where childVariable is set the test binary is an agent instead: "run", "keep" (a run that does not deliver) or
// "flush". It is the real agent with the host's virgo.yaml, but a test can say at which point it is killed and what its
// clock shows.
const (
	childVariable = "VIRGO_TORTURE_PART"
	pointVariable = "VIRGO_TORTURE_POINT" // the point to be killed at, and at which pass: "append.before 1"
	clockVariable = "VIRGO_TORTURE_CLOCK" // see wrongClock
)

// runAsAgent is main of such an agent. It prints each point that it reaches on stdout.
func runAsAgent(part string) int {
	p := &killPoints{}
	fmt.Sscan(os.Getenv(pointVariable), &p.killAt, &p.left) // unset: none
	a, cfg, err := p.agent()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ctx, cancel := context.WithTimeout(context.Background(), cfg.Deadline)
	defer cancel()
	switch part {
	case "run", "keep":
		var rep run.Report
		if rep, err = a.Run(ctx, run.Options{Deliver: part == "run"}); err == nil && rep.Lost > 0 {
			err = errors.New("results were lost")
		}
	case "flush":
		var d run.Delivery
		if d, err = a.Flush(ctx); err == nil {
			err = d.Err
		}
	default:
		err = fmt.Errorf("unknown command %q", part)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// killPoints are where a test can kill the agent. Each is printed when it is reached, in one write.
type killPoints struct {
	mu     sync.Mutex
	killAt string // the point to die at
	left   int    // passes of it until then
}

func (p *killPoints) reach(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	os.Stdout.WriteString("point " + name + "\n")
	if name != p.killAt {
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
	select {} // until the signal arrives
}

// agent builds the agent as the real program does, with kill points added.
func (p *killPoints) agent() (*run.Agent, config.Config, error) {
	path := os.Getenv("VIRGO_CONFIG")
	cfg, err := config.Load(path, true, os.Getenv, full.Parse)
	if err == nil {
		err = cfg.Err()
	}
	if err != nil {
		return nil, cfg, err
	}
	now := time.Now
	if spec := os.Getenv(clockVariable); spec != "" {
		if now, err = wrongClock(spec); err != nil {
			return nil, cfg, err
		}
	}
	sp, err := spool.Open(os.Getenv("VIRGO_STATE"), spool.Options{Now: now, Hook: p.reach})
	if err != nil {
		return nil, cfg, err
	}
	a := &run.Agent{
		Config: link.Config{
			ID: cfg.AgentID, Name: cfg.AgentName, Version: "0.0.1",
			Policy: &policy.Policy{Checks: []policy.Rule{{Keyword: policy.All}}},
			Token:  cfg.Token, Endpoints: cfg.Endpoints,
			Key:       func() (ed25519.PrivateKey, error) { return hostkey.Own(os.Getenv("VIRGO_STATE")) },
			TLS:       transport.TLSConfig{CAFile: cfg.CAFile, Pins: cfg.Pins},
			ChecksDir: filepath.Join(filepath.Dir(path), "checks.d"),
			ParseYAML: full.Parse,
			Connected: func() { p.reach("connected") },
			Slow:      func() { p.reach("slow") },
			Spool:     sp,
			Now:       now,
			Notice:    func(format string, args ...any) { fmt.Fprintf(os.Stderr, "notice: "+format+"\n", args...) },
			Verbose:   func(string, ...any) { p.reach("line") },
			Progress:  func(int) { p.reach("settled") },
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := new(net.Dialer).DialContext(ctx, network, address)
				if err != nil {
					return nil, err
				}
				return &killPointConn{conn, p}, nil
			},
		},
		ScheduleMaxAge: cfg.ScheduleMaxAge,
		Concurrency:    cfg.Concurrency,
		Checked:        func() { p.reach("checked") },
	}
	types := hostchecks.Types(hostchecks.Options{Self: a.Self})
	types = append(types, plugin.Type(plugin.Options{Dir: os.Getenv("VIRGO_PLUGINS"), Environ: os.Environ()}))
	a.Registry, err = collect.NewRegistry(types...)
	return a, cfg, err
}

// A killPointConn has a kill point before and after each write and after each read.
type killPointConn struct {
	net.Conn
	p *killPoints
}

func (c *killPointConn) Write(b []byte) (int, error) {
	c.p.reach("send.before")
	n, err := c.Conn.Write(b)
	c.p.reach("send.after")
	return n, err
}

func (c *killPointConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.p.reach("receive.after")
	}
	return n, err
}

// Without a point to die at, the agent in the test binary delivers like the real program.
func TestAgentInTestBinaryDelivers(t *testing.T) {
	e := newRecordingEndpoint(t)
	h := newHost(t, e.Address(), e.Pin())
	h.check("memory", "agent.memory")
	cmd := h.agentCommand(t, "run", "", "")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if n, waiting := len(checkStoredOnce(t, e.Stored())), len(h.waiting()); n != 1 || waiting != 0 {
		t.Errorf("%d results stored and %d waiting, want 1 and 0", n, waiting)
	}
}
