//go:build unix

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"virgo/cmd/internal/installed"
)

// A bundleStory is a host and its endpoint, with the three real programs.
type bundleStory struct {
	t        *testing.T
	dir, bin string
	address  string
	environ  []string
	results  int // runs of the check so far
}

const storyScript = `return check {
  summary = "says who it is",
  details = { name = { kind = "text", default = "you", doc = "whom" } },
  run = function(details) %s metric("n", "int64", 1) status("hello %s") end,
}
`

func newBundleStory(t *testing.T) *bundleStory {
	t.Helper()
	s := &bundleStory{t: t, dir: t.TempDir(), bin: programs(t)}
	for _, dir := range []string{"host/checks.d", "host/scripts", "src"} {
		if err := os.MkdirAll(filepath.Join(s.dir, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s.environ = append(os.Environ(), "VIRGO_CONFIG="+s.path("host/virgo.yaml"), "VIRGO_STATE="+s.path("host/state"),
		"VIRGO_SCRIPTS="+s.path("host/scripts"), "VIRGO_ENDPOINT_DIR="+s.path("endpoint"))
	endpoint := filepath.Join(s.bin, "virgo-endpoint")
	if _, err := os.Stat(endpoint); err != nil {
		build := exec.Command("go", "build", "-o", endpoint, "virgo/cmd/virgo-endpoint")
		if os.Getenv("VIRGO_TEST") == "all" {
			// As released, of what `make build` has compiled. In a plain run this would compile every dependency again.
			build.Args = slices.Insert(build.Args, 2, "-trimpath")
			build.Env = append(os.Environ(), "CGO_ENABLED=0")
		}
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("go build: %v\n%s", err, out)
		}
	}
	var made struct{ Pin, Token string }
	if err := json.Unmarshal([]byte(s.out("virgo-endpoint", "init", "--host", "127.0.0.1", "--json")), &made); err != nil {
		t.Fatal(err)
	}
	s.write("endpoint/schedules/default.yaml", "[]\n")
	s.serve()
	s.out("virgo", "bundle", "keygen", "--no-password", "-o", s.path("owner"))
	s.write("host/virgo.yaml", fmt.Sprintf("agent_id: web-1\nendpoint: %s\npin: %q\ntoken: %s\nproxy: none\n"+
		"bundles: auto\nbundle_name: mine\nbundle_signers: [%s]\n", s.address, made.Pin, made.Token, s.path("owner.pub")))
	s.write("host/checks.d/h.yaml", "- {id: h, type: script.hello, period: 30s}\n")
	return s
}

func (s *bundleStory) path(name string) string { return filepath.Join(s.dir, name) }

func (s *bundleStory) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(s.path(name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *bundleStory) serve() {
	s.t.Helper()
	cmd := s.command("virgo-endpoint", "serve", "--listen", "127.0.0.1:0", "--log-level", "warn")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.t.Fatal(err)
	}
	s.address = strings.TrimPrefix(strings.TrimSpace(line), "listening on ")
}

func (s *bundleStory) command(name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(s.t.Context(), filepath.Join(s.bin, name), args...)
	cmd.Env, cmd.Dir = s.environ, s.dir
	return cmd
}

// out runs a command that must succeed.
func (s *bundleStory) out(name string, args ...string) string {
	s.t.Helper()
	cmd := s.command(name, args...)
	out, err := cmd.Output()
	if err != nil {
		var stderr []byte
		if exit, ok := err.(*exec.ExitError); ok {
			stderr = exit.Stderr
		}
		s.t.Fatalf("%s %q: %v\n%s", name, args, err, stderr)
	}
	return string(out)
}

// publish builds, signs and publishes a version whose script does something.
func (s *bundleStory) publish(version, body string, flags ...string) {
	s.t.Helper()
	s.publishBy("owner", version, body, flags...)
}

// replace replaces a text in a file.
func (s *bundleStory) replace(name, old, new string) {
	s.t.Helper()
	text, err := os.ReadFile(s.path(name))
	if err != nil {
		s.t.Fatal(err)
	}
	s.write(name, strings.Replace(string(text), old, new, 1))
}

// publishBy is publish with another key.
func (s *bundleStory) publishBy(key, version, body string, flags ...string) {
	s.t.Helper()
	s.write("src/hello.lua", fmt.Sprintf(storyScript, body, version))
	file := s.path("mine-" + version + ".zip")
	s.out("virgo", "bundle", "build", s.path("src"), "--name", "mine", "--bundle-version", version, "-o", file)
	s.out("virgo", "bundle", "sign", file, "--key", s.path(key+".key"))
	s.out("virgo-endpoint", append([]string{"bundle", "publish", "--key", s.path(key + ".pub"), file}, flags...)...)
}

// run makes a run, and expects the notices of it, and what the latest result of the check says.
func (s *bundleStory) run(notice, result string, args ...string) {
	s.t.Helper()
	out, err := s.command("virgo-run", args...).CombinedOutput()
	if got := strings.TrimSpace(string(out)); err != nil || !strings.Contains(got, notice) || notice == "" && got != "" {
		s.t.Errorf("virgo-run: %v\n%s\nwant %q", err, got, notice)
	}
	s.results++
	s.expectLatest(result)
}

func (s *bundleStory) expectLatest(result string) {
	s.t.Helper()
	if out := s.out("virgo", "last"); !strings.Contains(out, result) {
		s.t.Errorf("virgo last:\n%s\nwant %q", out, result)
	}
}

func (s *bundleStory) expect(want string, name string, args ...string) {
	s.t.Helper()
	if out := s.out(name, args...); !strings.Contains(out, want) {
		s.t.Errorf("%s %q:\n%s\nwant %q", name, args, out, want)
	}
}

// A bundle of which no script can be loaded goes back in the run that sees it, and is not taken again: one whose list of
// scripts can be read, and one whose list cannot. Installing verifies both, so the test installs them by itself.
func TestUnloadableBundle(t *testing.T) {
	s := newBundleStory(t)
	s.publish("1.0.0", "")
	s.run("virgo: bundle mine 1.0.0 installed", "unknown check type")
	s.run("", "hello 1.0.0", "--all")
	for _, c := range []struct{ version, old, new, reason string }{
		{"2.0.0", "hello 2.0.0", "HELLO 2.0.0", "no script of it can be loaded: the bundle cannot be read: "},
		{"3.0.0", `"says who it is"`, `?says who it is"`, "bundle mine 3.0.0: "},
	} {
		version := c.version
		s.publish(version, "")
		content, err := os.ReadFile(s.path("mine-" + version + ".zip"))
		if err != nil {
			t.Fatal(err)
		}
		content = bytes.Replace(content, []byte(c.old), []byte(c.new), 1)
		l, err := installed.New(s.path("host/state")).Lock()
		if err != nil {
			t.Fatal(err)
		}
		bad := installed.Candidate{Ref: installed.Ref{Name: "mine", Version: version}, File: content}
		_, err = l.Install(bad, installed.Allow{}, time.Now())
		l.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		s.out("virgo", "bundle", "pin", "none") // tells the spool what is installed
		s.run("virgo: went back from bundle "+version+" to 1.0.0: "+c.reason, "", "--all")
		s.run("", "hello 1.0.0", "--all") // it is not taken again
		s.expect("refused  "+version+": "+c.reason, "virgo", "bundle", "list")
		s.expect("went back from "+version+": "+c.reason, "virgo-endpoint", "bundle", "status", "--name", "mine")
	}
}

// The story of a bundle: version 1 is published and runs on the host's next run; version 2 is broken and the host goes
// back by itself, says so and does not take it again; version 3 heals, although two runs come at once.
func TestBundleStory(t *testing.T) {
	s := newBundleStory(t)
	status := []string{"bundle", "status", "--name", "mine"}
	s.publish("1.0.0", "")
	s.run("virgo: bundle mine 1.0.0 installed, on trial, signed by the key ", `unknown check type "script.hello"`)
	s.run("", "hello 1.0.0", "--all")
	s.expect("web-1  1.0.0  1.0.0", "virgo-endpoint", status...)
	s.run("", "hello 1.0.0", "--all")
	s.run("", "hello 1.0.0", "--all")
	s.expect("bundle  mine 1.0.0, good, signed by", "virgo", "bundle", "list")

	s.publish("2.0.0", `error("broken")`)
	s.run("virgo: bundle mine 1.0.0 → 2.0.0, on trial", "hello 1.0.0", "--all")
	s.run("", "hello.lua:4: broken", "--all")
	s.expect("on trial", "virgo-endpoint", status...)
	s.run("virgo: went back from bundle 2.0.0 to 1.0.0: script.hello fails (hello.lua:4: broken) and did not before", "broken", "--all")
	s.expect("refused  2.0.0: script.hello fails", "virgo", "bundle", "list")
	s.run("", "hello 1.0.0", "--all")
	s.expect("went back from 2.0.0: script.hello fails (hello.lua:4: broken) and did not before", "virgo-endpoint", status...)
	s.run("", "hello 1.0.0", "--all") // it is not fetched again

	s.publish("3.0.0", "")
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if out, err := s.command("virgo-run", "--all").CombinedOutput(); err != nil {
				t.Errorf("two runs at once: %v\n%s", err, out)
			}
		})
	}
	both.Wait()
	s.results++ // or one more: the second run passes over a check that the first one still runs
	s.run("", "hello 3.0.0", "--all")
	s.expect("web-1  3.0.0  3.0.0", "virgo-endpoint", status...)
	s.expect("bundle    mine 3.0.0, on trial", "virgo", "bundle", "list")

	// A version by a key that the settings do not have yet is refused, and taken by the next run that finds the key there.
	s.out("virgo", "bundle", "keygen", "--no-password", "-o", s.path("second"))
	s.publishBy("second", "3.1.0", "")
	s.run("is not taken: signed by the key ", "hello 3.0.0", "--all")
	s.run("", "hello 3.0.0", "--all")
	s.replace("host/virgo.yaml", "bundle_signers: [", "bundle_signers: ["+s.path("second.pub")+", ")
	s.run("virgo: bundle mine 3.0.0 → 3.1.0, on trial", "hello 3.0.0", "--all")
	s.run("", "hello 3.1.0", "--all")

	// A version that is paused comes to nobody.
	s.publish("4.0.0", "")
	s.out("virgo-endpoint", "bundle", "pause", "--name", "mine")
	s.run("", "hello 3.1.0", "--all")
	s.out("virgo-endpoint", "bundle", "resume", "--name", "mine")
	s.run("virgo: bundle mine 3.1.0 → 4.0.0, on trial", "hello 3.1.0", "--all")

	// Each run has one result, whatever became of the bundle.
	var stored struct {
		Results []struct {
			ID string `json:"result_id"`
		}
	}
	if err := json.Unmarshal([]byte(s.out("virgo-endpoint", "results", "--limit", "0", "--json")), &stored); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, r := range stored.Results {
		seen[r.ID] = true
	}
	if n := len(stored.Results); len(seen) != n || n != s.results && n != s.results+1 {
		t.Errorf("%d results, %d different ones, want %d or one more", n, len(seen), s.results)
	}
}
