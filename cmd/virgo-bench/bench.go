package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// A bench is the two programs, an endpoint's folder and a host that is enrolled there.
type bench struct {
	ctx                         context.Context
	cli                         *cli
	dir                         string
	virgo, endpointBin, bareBin string
	token, pin                  string
	server                      *exec.Cmd
	address                     string
}

// schedule is what is measured: the seven host checks, due every second so that each run has them all.
const schedule = `
- {id: cpu, type: agent.cpu, period: 1}
- {id: memory, type: agent.memory, period: 1}
- {id: load_average, type: agent.load_average, period: 1}
- {id: disk, type: agent.disk, period: 1, details: {target: "*"}}
- {id: filesystem, type: agent.filesystem, period: 1, details: {target: "*"}}
- {id: filesystem_state, type: agent.filesystem_state, period: 1}
- {id: network, type: agent.network, period: 1, details: {target: "*"}}
`

const checks = 7

func newBench(ctx context.Context, c *cli) (*bench, error) {
	dir, err := os.MkdirTemp("", "virgo-bench")
	if err != nil {
		return nil, err
	}
	b := &bench{ctx: ctx, cli: c, dir: dir, virgo: c.Virgo, endpointBin: c.Endpoint}
	if err := b.prepare(); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *bench) prepare() error {
	var err error
	if b.virgo, err = b.build(b.virgo, "./cmd/virgo"); err != nil {
		return err
	}
	if b.endpointBin, err = b.build(b.endpointBin, "./cmd/virgo-endpoint"); err != nil {
		return err
	}
	if b.bareBin, err = b.build("", "./cmd/virgo-bench/bare"); err != nil {
		return err
	}
	out, err := exec.CommandContext(b.ctx, b.endpointBin, "init", "--dir", b.path("endpoint"), "--host", "127.0.0.1", "--json").Output()
	if err != nil {
		return fmt.Errorf("virgo-endpoint init: %w", err)
	}
	var made struct{ Token, Pin string }
	if err := json.Unmarshal(out, &made); err != nil {
		return fmt.Errorf("reading virgo-endpoint init: %w", err)
	}
	b.token, b.pin = made.Token, made.Pin
	if err := os.WriteFile(filepath.Join(b.path("endpoint"), "schedules", "default.yaml"), []byte(schedule), 0o600); err != nil {
		return err
	}
	return b.serve("127.0.0.1:0")
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

// build makes a program as a release is made, unless one is given.
func (b *bench) build(given, pkg string) (string, error) {
	if given != "" {
		return filepath.Abs(given)
	}
	out := b.path(filepath.Base(pkg))
	cmd := exec.CommandContext(b.ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", out, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if msg, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w: %s", pkg, err, msg)
	}
	return out, nil
}

// serve starts the endpoint and waits for the line that says where it listens.
func (b *bench) serve(listen string) error {
	cmd := exec.Command(b.endpointBin, "serve", "--dir", b.path("endpoint"), "--listen", listen, "--log-level", "error")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return errors.Join(fmt.Errorf("virgo-endpoint serve: %w", err), cmd.Wait())
	}
	b.server = cmd
	b.address = strings.TrimPrefix(strings.TrimSpace(line), "listening on ")
	return nil
}

func (b *bench) stopServer() error {
	if b.server == nil {
		return nil
	}
	cmd := b.server
	b.server = nil
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return cmd.Wait()
}

func (b *bench) close() {
	if b.server != nil {
		b.server.Process.Kill()
		b.server.Wait()
	}
	os.RemoveAll(b.dir)
}

// A subject is one enrolled host: its configuration and state.
type subject struct {
	bench         *bench
	config, state string
}

// enrol writes the configuration that `virgo setup` would write.
func (b *bench) enrol(name, address string) (*subject, error) {
	s := &subject{b, b.path(name + ".yaml"), b.path(name + ".state")}
	text := fmt.Sprintf("endpoint: %q\ntoken: %q\npin: %q\nagent_id: %q\nspool:\n  max_bytes: 64GiB\n", address, b.token, b.pin, name)
	return s, os.WriteFile(s.config, []byte(text), 0o600)
}

// run is one measured run of the agent; it fails where the process did.
func (s *subject) run(args ...string) (sample, error) {
	if err := s.bench.ctx.Err(); err != nil {
		return sample{}, err
	}
	argv := append([]string{s.bench.virgo, "--config", s.config, "--state", s.state}, args...)
	m, err := measure(os.Environ(), argv...)
	if err == nil && m.Code != 0 {
		err = fmt.Errorf("virgo %s ended with %d: %s", strings.Join(args, " "), m.Code, m.Stderr)
	}
	return m, err
}

// nextSecond waits until every check of period 1 is due again.
func nextSecond() { time.Sleep(1100 * time.Millisecond) }
