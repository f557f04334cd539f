package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"virgo/collect/collecttest"

	"golang.org/x/sys/unix"
)

// hostileScripts has checks in Lua that try to get out, to read what is not theirs, to hang, and to use all memory,
// and some that do none of it (good_*.lua). The first line of each says what its result is.
const hostileScripts = "../../collect/script/testdata/hostile"

// hostileDeadline is the deadline of a run with all of them, the default one.
const hostileDeadline = "50s"

// A hostileHost is a host with these scripts in its folder of scripts.
type hostileHost struct {
	t       *testing.T
	dir     string
	virgo   string
	environ []string
	want    map[string]*regexp.Regexp // of state and status, by check
	expand  *strings.Replacer
}

// All hostile scripts at once, in one run among good ones: each check has one result, which is what it should be, in
// time, and nothing of the agent's was read, changed or left running.
func TestFiftyHostileAtOnce(t *testing.T) {
	h := newHostileHost(t, "*.lua", "nobody")
	if len(h.want) < 60 {
		t.Fatalf("only %d scripts", len(h.want))
	}
	h.runAll()
}

// Those that want to get out or to read what is not theirs, as a user who could: the guard alone keeps them from it.
func TestHostileAsTheAgentsUser(t *testing.T) {
	newHostileHost(t, "[0-3g]*.lua", "root").runAll()
}

// runAll runs the scripts and checks what came of it.
func (h *hostileHost) runAll() {
	t := h.t
	t.Helper()
	before := h.secrets()
	h.swapLink()
	out := h.run("run", "--json", "--all", "--no-deliver", "--deadline", hostileDeadline)
	var ran struct {
		TookMS  int64 `json:"took_ms"`
		Results []struct {
			CheckID string `json:"check_id"`
			State   string `json:"state"`
			Status  string `json:"status"`
		} `json:"results"`
		Released int `json:"released"`
	}
	if err := json.Unmarshal(out, &ran); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	results := map[string]int{}
	for _, r := range ran.Results {
		results[r.CheckID]++
		want := h.want[r.CheckID]
		if got := r.State + " " + r.Status; want == nil || !want.MatchString(got) {
			t.Errorf("%s: %s\nwant %v", r.CheckID, got, want)
		}
	}
	stored := h.stored()
	for id := range h.want {
		if results[id] != 1 || stored[id] != 1 {
			t.Errorf("%s has %d results, and %d are stored", id, results[id], stored[id])
		}
	}
	limit, err := time.ParseDuration(hostileDeadline)
	if err != nil || ran.Released != 0 || time.Duration(ran.TookMS)*time.Millisecond >= limit {
		t.Errorf("the run took %d ms; %d checks did not run", ran.TookMS, ran.Released)
	}
	if after := h.secrets(); after != before {
		t.Error("a secret or a setting was changed")
	}
	if left := h.processes(); len(left) > 0 {
		t.Errorf("still running: %q", left)
	}
	t.Logf("%d checks in %d ms", len(ran.Results), ran.TookMS)
}

// newHostileHost makes the host, with the scripts of a pattern. Where the tests are root, scripts run as the user.
func newHostileHost(t *testing.T, pattern, user string) *hostileHost {
	t.Helper()
	virgo := installedForAll(t)
	if collecttest.Race() {
		// Without it: the memory and the time that it needs are not those of a script.
		build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", virgo, ".")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("go build: %v: %s", err, out)
		}
	}
	h := &hostileHost{t: t, virgo: virgo, dir: filepath.Dir(virgo), want: map[string]*regexp.Regexp{}}
	server := httptest.NewServer(hostileServer())
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	uid := strconv.Itoa(os.Getuid())
	if uid == "0" && user == "nobody" {
		uid = "65534"
	}
	h.expand = strings.NewReplacer("$UID", uid, "$DIR", h.dir, "$STATE", h.path("state"), "$PORT", port, "$PID", strconv.Itoa(os.Getpid()))
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "VIRGO_") {
			h.environ = append(h.environ, variable)
		}
	}
	h.environ = append(h.environ, "NO_COLOR=1", "HOSTILE_HOST="+h.dir, "VIRGO_CONFIG="+h.path("virgo.yaml"),
		"VIRGO_STATE="+h.path("state"), "VIRGO_SCRIPTS="+h.path("scripts"))
	if os.Geteuid() == 0 {
		h.environ = append(h.environ, "VIRGO_WORKER_USER="+user)
	}
	h.write("virgo.yaml", "agent_id: hostile\ntoken: file:token\n", 0o644)
	h.write("token", "the token\n", 0o600)
	h.run("key", "show")
	h.run("run", "--no-deliver") // which makes the spool
	h.openFolder()
	h.scripts(pattern)
	return h
}

func (h *hostileHost) path(name string) string { return filepath.Join(h.dir, name) }

func (h *hostileHost) write(name, text string, mode fs.FileMode) {
	h.t.Helper()
	if err := os.MkdirAll(filepath.Dir(h.path(name)), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(h.path(name), []byte(text), mode); err != nil {
		h.t.Fatal(err)
	}
}

// openFolder makes a folder whose files the scripts may read.
func (h *hostileHost) openFolder() {
	h.t.Helper()
	h.write("open/shown", "shown", 0o644)
	h.write("hidden", "hidden", 0o644)
	for _, err := range []error{
		os.Symlink("/etc/passwd", h.path("open/to_passwd")),
		os.Symlink(h.path("open/shown"), h.path("open/swapped")),
		os.Link(h.path("state/virgo.db"), h.path("open/link.db")),
		unix.Mkfifo(h.path("open/pipe"), 0o644),
	} {
		if err != nil {
			h.t.Fatal(err)
		}
	}
}

// scripts writes the folder of scripts, and a check of each.
func (h *hostileHost) scripts(pattern string) {
	h.t.Helper()
	files, err := filepath.Glob(filepath.Join(hostileScripts, pattern))
	if err != nil {
		h.t.Fatal(err)
	}
	type check struct {
		ID      string          `json:"id"`
		Type    string          `json:"type"`
		Period  int             `json:"period"`
		Details json.RawMessage `json:"details,omitempty"`
	}
	var checks []check
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			h.t.Fatal(err)
		}
		text, id := h.expand.Replace(string(b)), strings.TrimSuffix(filepath.Base(file), ".lua")
		c := check{ID: id, Type: "script." + id, Period: 60}
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			if want, ok := strings.CutPrefix(line, "-- want: "); ok {
				if h.want[id], err = regexp.Compile(want); err != nil {
					h.t.Fatal(err)
				}
			} else if details, ok := strings.CutPrefix(line, "-- details: "); ok {
				c.Details = json.RawMessage(details)
			}
		}
		if h.want[id] == nil {
			h.t.Fatalf("%s does not say what is wanted", file)
		}
		h.write("scripts/"+id+".lua", text, 0o644)
		checks = append(checks, c)
	}
	document, err := json.Marshal(checks)
	if err != nil {
		h.t.Fatal(err)
	}
	h.write("checks.d/hostile.yaml", string(document), 0o644)
}

// run runs virgo and returns its standard output.
func (h *hostileHost) run(args ...string) []byte {
	h.t.Helper()
	cmd := exec.CommandContext(h.t.Context(), h.virgo, args...)
	cmd.Args[0], cmd.Env = "virgo", h.environ
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); err != nil {
		if e, ok := err.(*exec.ExitError); ok {
			exit = e
		}
		h.t.Fatalf("virgo %q: %v: %s%s", args, err, out, exit.Stderr)
	}
	return out
}

// stored returns how many results of each check are in the spool.
func (h *hostileHost) stored() map[string]int {
	h.t.Helper()
	var list struct {
		Results []struct {
			Result struct {
				CheckID string `json:"check_id"`
			} `json:"result"`
		} `json:"results"`
	}
	if err := json.Unmarshal(h.run("spool", "list", "--json", "--limit", "0"), &list); err != nil {
		h.t.Fatal(err)
	}
	stored := map[string]int{}
	for _, r := range list.Results {
		stored[r.Result.CheckID]++
	}
	return stored
}

// secrets returns a hash of what scripts must not change.
func (h *hostileHost) secrets() (sum [sha256.Size]byte) {
	h.t.Helper()
	all := sha256.New()
	for _, name := range []string{"virgo.yaml", "token", "state/agent.key", "state/agent.id", "hidden", "open/shown"} {
		b, err := os.ReadFile(h.path(name))
		if err != nil && name != "state/agent.id" {
			h.t.Fatal(err)
		}
		fmt.Fprintf(all, "%s %d\n%s", name, len(b), b)
	}
	all.Sum(sum[:0])
	return sum
}

// swapLink lets a link lead to one file and to another in turns, until the test ends.
func (h *hostileHost) swapLink() {
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		targets, next := [...]string{h.path("hidden"), h.path("open/shown")}, h.path("open/next")
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Microsecond):
			}
			if os.Symlink(targets[i%2], next) == nil {
				_ = os.Rename(next, h.path("open/swapped"))
			}
		}
	}()
	h.t.Cleanup(func() {
		close(stop)
		<-stopped
	})
}

// processes returns the command lines of what the run left running.
func (h *hostileHost) processes() (left []string) {
	h.t.Helper()
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		h.t.Fatal(err)
	}
	for _, dir := range dirs {
		line, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		if err != nil {
			continue
		}
		environ, _ := os.ReadFile(filepath.Join(dir, "environ")) // that of another user's process cannot be read
		args := strings.Split(strings.TrimSuffix(string(line), "\x00"), "\x00")
		if strings.Contains(string(environ), "HOSTILE_HOST="+h.dir) || slices.Contains(args, "98765") {
			left = append(left, strings.Join(args, " "))
			if pid, err := strconv.Atoi(filepath.Base(dir)); err == nil {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	}
	return left
}

// hostileServer answers as a server that a script asks.
func hostileServer() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/fine", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "fine") })
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		for range 1000 {
			fmt.Fprint(w, "x")
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	})
	mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
		for block := make([]byte, 64<<10); r.Context().Err() == nil; {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	})
	return mux
}
