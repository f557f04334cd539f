package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// A builtProgram is one of the other programs of this module, built once for all scripts and only if one asks.
type builtProgram struct {
	name, dir string
	once      sync.Once
	err       error
}

func (p *builtProgram) path(ts *testscript.TestScript) string {
	file := filepath.Join(p.dir, p.name)
	p.once.Do(func() {
		build := exec.Command("go", "build", "-o", file, "virgo/cmd/"+p.name)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			p.err = fmt.Errorf("go build: %w: %s", err, out)
		}
	})
	ts.Check(p.err)
	return file
}

// install lets virgo find the program: virgo-checks.
func (p *builtProgram) install(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: %s", p.name)
	}
	ts.Setenv("VIRGO_CHECKS_PROGRAM", p.path(ts))
}

// A realEndpoint is the program virgo-endpoint.
type realEndpoint struct{ builtProgram }

// run is the program as a script calls it: virgo-endpoint import --dir DIR FILE….
func (e *realEndpoint) run(ts *testscript.TestScript, neg bool, args []string) {
	if err := ts.Exec(e.path(ts), args...); (err != nil) != neg {
		ts.Fatalf("virgo-endpoint %s: %v, wanted to fail: %v", strings.Join(args, " "), err, neg)
	}
}

// serve sets up a folder, where it is not one yet, and serves it until the script ends: serve DIR. It sets ENDPOINT,
// PIN, CA and TOKEN.
func (e *realEndpoint) serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: serve DIR")
	}
	dir := ts.MkAbs(args[0])
	if _, err := os.Stat(dir); err != nil {
		out, err := exec.Command(e.path(ts), "init", "--dir", dir, "--host", "127.0.0.1", "--json").Output()
		ts.Check(err)
		var made struct{ Pin, Token string }
		ts.Check(json.Unmarshal(out, &made))
		ts.Setenv("PIN", made.Pin)
		ts.Setenv("TOKEN", made.Token)
		ts.Setenv("CA", filepath.Join(dir, "ca.pem"))
		// Its own checks would be results that no script has asked for.
		ts.Check(os.WriteFile(filepath.Join(dir, "schedules", "default.yaml"), []byte("[]\n"), 0o600))
	}
	cmd := exec.Command(e.path(ts), "serve", "--dir", dir, "--listen", "127.0.0.1:0", "--log-level", "warn")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	ts.Check(err)
	ts.Setenv("ENDPOINT", strings.TrimPrefix(strings.TrimSpace(line), "listening on "))
}

// holds checks how many results an endpoint's store has of an agent, each once: holds DIR AGENT N.
func (e *realEndpoint) holds(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: holds DIR AGENT N")
	}
	want, err := strconv.Atoi(args[2])
	ts.Check(err)
	ts.Check(ts.Exec(e.path(ts), "results", "--dir", ts.MkAbs(args[0]), "--limit", "0", "--json"))
	var doc struct {
		Results []struct {
			AgentID  string `json:"agent_id"`
			ResultID string `json:"result_id"`
		}
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &doc))
	seen := make(map[string]bool)
	for _, r := range doc.Results {
		if r.AgentID != args[1] {
			continue
		}
		if r.ResultID == "" || seen[r.ResultID] {
			ts.Fatalf("result %q is there twice, or has no id", r.ResultID)
		}
		seen[r.ResultID] = true
	}
	if len(seen) != want {
		ts.Fatalf("the store has %d results of %s, want %d", len(seen), args[1], want)
	}
}
