package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// A builtProgram is another program of this module, built once for all scripts when one needs it.
type builtProgram struct {
	name, dir string
	once      sync.Once
	err       error
}

func (p *builtProgram) path(ts *testscript.TestScript) string {
	file := filepath.Join(p.dir, p.name)
	p.once.Do(func() {
		build := exec.Command("go", "build", "-o", file, "virgo/cmd/"+p.name)
		if os.Getenv("VIRGO_TEST") == "all" {
			// As released, of what `make build` has compiled. In a plain run this would compile every dependency again.
			build.Args = slices.Insert(build.Args, 2, "-trimpath")
			build.Env = append(os.Environ(), "CGO_ENABLED=0")
		}
		if out, err := build.CombinedOutput(); err != nil {
			p.err = fmt.Errorf("go build: %w: %s", err, out)
		}
	})
	ts.Check(p.err)
	return file
}

// A realEndpoint is the program virgo-endpoint.
type realEndpoint struct{ builtProgram }

// run runs the program: virgo-endpoint import --dir DIR FILE….
func (e *realEndpoint) run(ts *testscript.TestScript, neg bool, args []string) {
	if err := ts.Exec(e.path(ts), args...); (err != nil) != neg {
		ts.Fatalf("virgo-endpoint %s: %v, want failure: %v", strings.Join(args, " "), err, neg)
	}
}

// token makes a token.
func (e *realEndpoint) token(ts *testscript.TestScript, dir string, flags ...string) string {
	out, err := exec.Command(e.path(ts), append([]string{"token", "add", "--dir", dir, "--json"}, flags...)...).Output()
	ts.Check(err)
	var made struct{ Token string }
	ts.Check(json.Unmarshal(out, &made))
	return made.Token
}

// serve starts the endpoint for a folder until the script ends, and initializes the folder if it is
// new: serve DIR [api]. It sets ENDPOINT, PIN, CA, TOKEN, which enrols any number of hosts, and COURIER, which
// lets other hosts deliver for agent "script" until that has a key; with api also API, and ADMIN, whose token
// may read and ask hosts.
func (e *realEndpoint) serve(ts *testscript.TestScript, neg bool, args []string) {
	api := len(args) == 2 && args[1] == "api"
	if neg || len(args) != 1 && !api {
		ts.Fatalf("usage: serve DIR [api]")
	}
	dir := ts.MkAbs(args[0])
	if _, err := os.Stat(dir); err != nil {
		out, err := exec.Command(e.path(ts), "init", "--dir", dir, "--host", "127.0.0.1", "--json").Output()
		ts.Check(err)
		var made struct{ Pin string }
		ts.Check(json.Unmarshal(out, &made))
		ts.Setenv("PIN", made.Pin)
		ts.Setenv("TOKEN", e.token(ts, dir, "--uses", "0"))
		ts.Setenv("COURIER", e.token(ts, dir, "--kind", "legacy", "--id", "script"))
		ts.Setenv("CA", filepath.Join(dir, "ca.pem"))
		// Its default checks would add results to those of the script.
		ts.Check(os.WriteFile(filepath.Join(dir, "schedules", "default.yaml"), []byte("[]\n"), 0o600))
	}
	cmd := exec.Command(e.path(ts), "serve", "--dir", dir, "--listen", "127.0.0.1:0", "--log-level", "warn")
	if api {
		ts.Setenv("ADMIN", e.token(ts, dir, "--kind", "admin", "--scope", "read", "--scope", "agents"))
		cmd.Args = append(cmd.Args, "--api", "127.0.0.1:0")
	}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	ts.Check(err)
	ts.Setenv("ENDPOINT", strings.TrimPrefix(strings.TrimSpace(line), "listening on "))
	if api {
		line, err := lines.ReadString('\n')
		ts.Check(err)
		ts.Setenv("API", strings.TrimPrefix(strings.TrimSpace(line), "API on "))
	}
}

// registerKey registers the key that the command before it printed (virgo key show --json): register-key
// DIR AGENT.
func (e *realEndpoint) registerKey(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: register-key DIR AGENT")
	}
	var shown struct{ Key string }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &shown))
	ts.Check(ts.Exec(e.path(ts), "agents", "add", args[1], "--key", shown.Key, "--dir", ts.MkAbs(args[0])))
}

// storeHas checks the number of an agent's results in an endpoint's store, each once: store-has DIR
// AGENT N.
func (e *realEndpoint) storeHas(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: store-has DIR AGENT N")
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
			ts.Fatalf("result %q is duplicate, or has no id", r.ResultID)
		}
		seen[r.ResultID] = true
	}
	if len(seen) != want {
		ts.Fatalf("the store has %d results of %s, want %d", len(seen), args[1], want)
	}
}
