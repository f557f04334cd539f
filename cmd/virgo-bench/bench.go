package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// A bench is the programs and an endpoint that serves on loopback.
type bench struct {
	ctx context.Context
	cli *cli
	// dir holds everything and goes at the end.
	dir string
	// env is what the programs find: this program's, without virgo's settings.
	env                   []string
	agent, endpoint, bare string // the programs' files; virgo-checks is one of the environment's settings
	token, pin            string
	server                *exec.Cmd // nil while the endpoint is away
	address               string    // the endpoint's, also while it is away
}

// schedule is what is measured: the seven host checks, due every second so that each run has them all.
const schedule = `- {id: cpu, type: agent.cpu, period: 1}
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
	b := &bench{ctx: ctx, cli: c, dir: dir}
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "VIRGO_") {
			b.env = append(b.env, kv)
		}
	}
	if err := b.prepare(); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *bench) prepare() error {
	for _, p := range []struct {
		file       *string
		given, pkg string
	}{
		{&b.agent, b.cli.Agent, "virgo/cmd/virgo"},
		{&b.endpoint, b.cli.Endpoint, "virgo/cmd/virgo-endpoint"},
		{&b.bare, "", "virgo/cmd/virgo-bench/bare"},
	} {
		file, err := b.build(p.given, p.pkg)
		if err != nil {
			return err
		}
		*p.file = file
	}
	checksProgram, err := b.build(b.cli.Checks, "virgo/cmd/virgo-checks")
	if err != nil {
		return err
	}
	b.env = append(b.env, "VIRGO_CHECKS_PROGRAM="+checksProgram)
	out, err := b.output(b.endpoint, "init", "--dir", b.path("store"), "--host", "127.0.0.1", "--json")
	if err != nil {
		return err
	}
	var made struct{ Token, Pin string }
	if err := json.Unmarshal(out, &made); err != nil {
		return fmt.Errorf("reading virgo-endpoint init: %w", err)
	}
	b.token, b.pin = made.Token, made.Pin
	if err := os.WriteFile(b.path("store", "schedules", "default.yaml"), []byte(schedule), 0o600); err != nil {
		return err
	}
	return b.serve("127.0.0.1:0")
}

// path is a file of the bench.
func (b *bench) path(names ...string) string {
	return filepath.Join(b.dir, filepath.Join(names...))
}

// output runs a program that is not measured.
func (b *bench) output(argv ...string) ([]byte, error) {
	cmd := exec.CommandContext(b.ctx, argv[0], argv[1:]...)
	cmd.Env = b.env
	out, err := cmd.Output()
	if err == nil {
		return out, nil
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, fmt.Errorf("%s %s: %w: %s", filepath.Base(argv[0]), argv[1], err, exit.Stderr)
	}
	return nil, fmt.Errorf("running %s: %w", argv[0], err)
}

// build makes a program as a release is made, unless one is given.
func (b *bench) build(given, pkg string) (string, error) {
	if given != "" {
		return filepath.Abs(given)
	}
	out := b.path("bin-" + filepath.Base(pkg))
	cmd := exec.CommandContext(b.ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", out, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if msg, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w: %s", pkg, err, msg)
	}
	return out, nil
}

// serve starts the endpoint and waits for the line that says where it listens.
func (b *bench) serve(listen string) error {
	cmd := exec.Command(b.endpoint, "serve", "--dir", b.path("store"), "--listen", listen, "--log-level", "error")
	cmd.Env, cmd.Stderr = b.env, os.Stderr
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
	address := strings.TrimSpace(line[strings.LastIndexByte(strings.TrimSpace(line), ' ')+1:])
	if _, _, err := net.SplitHostPort(address); err != nil {
		cmd.Process.Kill()
		return errors.Join(fmt.Errorf("virgo-endpoint serve said %q: %w", line, err), cmd.Wait())
	}
	b.server, b.address = cmd, address
	return nil
}

// stopServer ends the endpoint and waits until it has.
func (b *bench) stopServer() {
	if b.server == nil {
		return
	}
	if err := b.server.Process.Signal(syscall.SIGTERM); err != nil { // Windows knows no SIGTERM
		b.server.Process.Kill()
	}
	b.server.Wait()
	b.server = nil
}

func (b *bench) close() {
	b.stopServer()
	os.RemoveAll(b.dir)
}
