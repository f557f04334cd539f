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
	"slices"
	"strings"
	"syscall"
	"time"
)

// A bench has the installed programs and an endpoint that serves on loopback.
type bench struct {
	ctx context.Context
	cli *runsCmd
	// pause is the time between runs of the same host.
	pause time.Duration
	// dir holds everything; it is removed at the end.
	dir string
	// env is the programs' environment: this program's, without virgo's settings and GOMAXPROCS.
	env []string
	// The programs' files, as installed.
	agent, endpoint, bare string
	// What timers start: virgo-run, `virgo run`, and what they start of the earlier build, which may
	// be empty.
	small, full, earlier timerEntry
	token, pin           string
	server               *exec.Cmd // nil while the endpoint is away
	address              string    // the endpoint's, also while it is away
}

// schedule is the measured schedule: the seven host checks, with a period of a second so that every run
// runs all of them. It is plain YAML, which virgo-run parses by itself.
const schedule = `- id: cpu
  type: agent.cpu
  period: 1
- id: memory
  type: agent.memory
  period: 1
- id: load_average
  type: agent.load_average
  period: 1
- id: disk
  type: agent.disk
  period: 1
  details:
    target: "*"
- id: filesystem
  type: agent.filesystem
  period: 1
  details:
    target: "*"
- id: filesystem_state
  type: agent.filesystem_state
  period: 1
- id: network
  type: agent.network
  period: 1
  details:
    target: "*"
`

const checks = 7

// pause is more than the period of the schedule, so that every check is due again.
const pause = 1100 * time.Millisecond

func newBench(ctx context.Context, c *runsCmd) (*bench, error) {
	b, err := newFolder(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := b.prepare(); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// newFolder makes a bench that has only its folder and environment.
func newFolder(ctx context.Context, c *runsCmd) (*bench, error) {
	dir, err := os.MkdirTemp("", "virgo-bench")
	if err != nil {
		return nil, err
	}
	b := &bench{ctx: ctx, cli: c, pause: pause, dir: dir}
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "VIRGO_") && !strings.HasPrefix(kv, "GOMAXPROCS=") {
			b.env = append(b.env, kv)
		}
	}
	return b, nil
}

// addToken makes a token of the endpoint.
func (b *bench) addToken(flags ...string) (string, error) {
	out, err := b.output(append([]string{b.endpoint, "token", "add", "--dir", b.path("store"), "--json"}, flags...)...)
	if err != nil {
		return "", err
	}
	var made struct{ Token string }
	if err := json.Unmarshal(out, &made); err != nil {
		return "", fmt.Errorf("reading virgo-endpoint token add: %w", err)
	}
	return made.Token, nil
}

func (b *bench) prepare() error {
	if err := b.installPrograms(); err != nil {
		return err
	}
	out, err := b.output(b.endpoint, "init", "--dir", b.path("store"), "--host", "127.0.0.1", "--json")
	if err != nil {
		return err
	}
	var made struct{ Pin string }
	if err := json.Unmarshal(out, &made); err != nil {
		return fmt.Errorf("reading virgo-endpoint init: %w", err)
	}
	b.pin = made.Pin
	if b.token, err = b.addToken("--uses", "0"); err != nil {
		return err
	}
	if err := os.WriteFile(b.path("store", "schedules", "default.yaml"), []byte(schedule), 0o600); err != nil {
		return err
	}
	return b.serve("127.0.0.1:0")
}

// path returns the path of a file below dir.
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

// unlimited are the endpoint's quotas in its environment, which versions without them ignore: what is
// measured is how fast it is, not how much it lets an agent send in a minute.
func unlimited() (env []string) {
	for _, quota := range []string{"AGENT_REQUESTS", "AGENT_BYTES", "TOKEN_REQUESTS", "TOKEN_BYTES"} {
		env = append(env, "VIRGO_ENDPOINT_"+quota+"=1000000000")
	}
	return env
}

// serve starts the endpoint and waits for the line with its address.
func (b *bench) serve(listen string) (err error) {
	cmd := exec.Command(b.endpoint, "serve", "--dir", b.path("store"), "--listen", listen, "--log-level", "error")
	cmd.Env, cmd.Stderr = append(slices.Clip(b.env), unlimited()...), os.Stderr
	b.address, err = startEndpoint(cmd)
	if err == nil {
		b.server = cmd
	}
	return err
}

// startEndpoint starts virgo-endpoint serve and returns the address that it prints when it is ready.
func startEndpoint(cmd *exec.Cmd) (address string, err error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return "", errors.Join(fmt.Errorf("virgo-endpoint serve: %w", err), cmd.Wait())
	}
	address = strings.TrimSpace(line[strings.LastIndexByte(strings.TrimSpace(line), ' ')+1:])
	if _, _, err := net.SplitHostPort(address); err != nil {
		cmd.Process.Kill()
		return "", errors.Join(fmt.Errorf("virgo-endpoint serve said %q: %w", line, err), cmd.Wait())
	}
	return address, nil
}

// stopServer terminates the endpoint and waits until it has ended.
func (b *bench) stopServer() {
	if b.server == nil {
		return
	}
	stopEndpoint(b.server)
	b.server = nil
}

// stopEndpoint terminates an endpoint and waits until it has ended.
func stopEndpoint(cmd *exec.Cmd) error {
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil { // Windows knows no SIGTERM
		cmd.Process.Kill()
	}
	return cmd.Wait()
}

func (b *bench) close() {
	b.stopServer()
	os.RemoveAll(b.dir)
}
