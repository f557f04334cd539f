//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"virgo/collect/collecttest"
	"virgo/transport/transporttest"
)

// A situation is in which a run is made, below a folder that is /D in its texts.
type situation struct {
	name string
	args []string
	env  []string // in addition to, or in place of, that of commandEnv; "NAME" alone removes it
	// files by their path; the modes of private files and scripts are those of modeOf. nil: plainFiles.
	files map[string]string
	// prepare changes the folder before the run.
	prepare func(t *testing.T, dir string)
	// endpoint is the script of an endpoint at ENDPOINT with the pin PIN; nil: nobody listens there.
	endpoint *transporttest.Script
	code     int
	stderr   string // a part of it; empty: nothing is printed
	// needsVirgo: virgo-run has a virgo beside it. It hands the run over, or has a worker.
	needsVirgo bool
}

// plainFiles are a configuration and a check that every run can read.
func plainFiles() map[string]string {
	return map[string]string{"virgo.yaml": "agent_id: same\n", "checks.d/mem.yaml": "id: mem\ntype: agent.memory\nperiod: 86400\n"}
}

// with returns plainFiles, changed by pairs of a path and its content; "-" removes the file.
func with(pairs ...string) map[string]string {
	files := plainFiles()
	for i := 0; i < len(pairs); i += 2 {
		files[pairs[i]] = pairs[i+1]
		if pairs[i+1] == "-" {
			delete(files, pairs[i])
		}
	}
	return files
}

// ordinaryUser is who runs the programs if the tests run as root: nobody.
const ordinaryUser = 65534

// A host is the folder of a situation.
type host struct {
	t        *testing.T
	dir      string
	endpoint *transporttest.Endpoint // nil: none
}

// newHost makes the folder of a situation. at is where; it does not exist yet.
func newHost(t *testing.T, at string, s *situation) *host {
	t.Helper()
	h := &host{t: t, dir: at}
	address, pin := "127.0.0.1:1", "sha256:"+strings.Repeat("0a", 32)
	if s.endpoint != nil {
		e, err := transporttest.Listen(*s.endpoint)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { e.Close() })
		h.endpoint, address, pin = e, e.Address(), e.Pin()
	}
	for _, dir := range []string{"home", "tmp"} {
		if err := os.MkdirAll(filepath.Join(at, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	files := s.files
	if files == nil {
		files = plainFiles()
	}
	fill := strings.NewReplacer("/D", at, "ENDPOINT", address, "PIN", pin)
	for name, text := range files {
		path := filepath.Join(at, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, path, []byte(fill.Replace(text)), modeOf(name))
	}
	if s.prepare != nil {
		s.prepare(t, at)
	}
	if os.Geteuid() == 0 {
		err := filepath.WalkDir(at, func(path string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			return os.Lchown(path, ordinaryUser, ordinaryUser)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func modeOf(name string) fs.FileMode {
	if strings.HasPrefix(name, "plugins/") {
		return 0o755
	}
	return 0o600
}

func writeFile(t *testing.T, path string, data []byte, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, data, mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
}

// command returns a command of an ordinary user on this host.
func (h *host) command(s *situation, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = h.dir
	fill := func(text string) string { return strings.ReplaceAll(text, "/D", h.dir) }
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=/D/home", "TMPDIR=/D/tmp", "NO_COLOR=1",
		"VIRGO_CONFIG=/D/virgo.yaml", "VIRGO_STATE=/D/state", "VIRGO_PLUGINS=/D/plugins",
	}
	for _, pair := range s.env {
		name, _, sets := strings.Cut(pair, "=")
		env = slices.DeleteFunc(env, func(old string) bool { return strings.HasPrefix(old, name+"=") })
		if sets {
			env = append(env, pair)
		}
	}
	for _, pair := range env {
		cmd.Env = append(cmd.Env, fill(pair))
	}
	for i, arg := range cmd.Args {
		cmd.Args[i] = fill(arg)
	}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: ordinaryUser, Gid: ordinaryUser}}
	}
	return cmd
}

// An effect is what a run did, without what differs from run to run.
type effect struct {
	Code             int
	Stdout, Stderr   string
	Files            []string // the modes and names of all below the folder
	Waiting, Refused string   // virgo spool list --json
	Status, Schedule string   // virgo status, virgo schedule show
	Sessions         int
	Methods          []string
	Hello            string
	Stored, Faults   []string
}

// run makes the run by a program, and returns its effect.
func (h *host) run(s *situation, program string, args ...string) effect {
	h.t.Helper()
	cmd := h.command(s, program, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	e := effect{Code: exitCode(h.t, cmd.Run())}
	e.Stdout, e.Stderr = maskNumbers(stdout.Bytes()), withoutHandOver(mask(stderr.String()))
	e.Files = h.list()
	if h.endpoint != nil {
		h.endpoint.Close()
		e.Sessions, e.Methods, e.Hello = h.endpoint.Sessions(), h.endpoint.Methods(), maskHello(h.endpoint.Hello())
		for _, stored := range h.endpoint.Stored() {
			text, err := json.Marshal(stored)
			if err != nil {
				h.t.Fatal(err)
			}
			e.Stored = append(e.Stored, maskNumbers(text))
		}
		slices.Sort(e.Stored)
		for _, fault := range h.endpoint.Faults() {
			if !errors.Is(fault, syscall.ECONNRESET) { // the agent closed it before it had read all
				e.Faults = append(e.Faults, fault.Error())
			}
		}
	}
	if slices.ContainsFunc(e.Files, func(file string) bool { return strings.HasSuffix(file, "/virgo.db") }) {
		e.Waiting = h.ask(s, "spool", "list", "--json")
	}
	if s.endpoint != nil || s.prepare != nil {
		e.Refused = h.ask(s, "spool", "list", "--rejected", "--json")
		e.Status = h.ask(s, "status", "--json")
		e.Schedule = h.ask(s, "schedule", "show", "--json")
	}
	return e
}

// ask returns the lines of the document that virgo prints of the state that a run left, sorted: checks
// that run side by side end in any order.
func (h *host) ask(s *situation, args ...string) string {
	cmd := h.command(s, filepath.Join(programs(h.t), "virgo"), args...)
	out, err := cmd.CombinedOutput()
	lines := strings.Split(took.ReplaceAllString(maskNumbers(out), ""), "\n")
	slices.Sort(lines)
	return fmt.Sprintf("exit code %d\n%s", exitCode(h.t, err), strings.Join(lines, "\n"))
}

// list returns the modes and paths of all below the folder.
func (h *host) list() []string {
	var all []string
	err := filepath.WalkDir(h.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil {
			all = append(all, info.Mode().String()+" "+mask(path))
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return all
}

var (
	clock     = regexp.MustCompile(`\d\d:\d\d:\d\d(\.\d{3})?`)
	address   = regexp.MustCompile(`127\.0\.0\.1:\d+`)
	length    = regexp.MustCompile(`<?\b\d+(\.\d+)?(ns|µs|ms|s|m|h)\b`)
	resultID  = regexp.MustCompile(`\b[0-9a-f]{16,}\b`)
	damagedAs = regexp.MustCompile(`\.damaged-\d+`)
	ofKey     = regexp.MustCompile(`"(agent_key|proof)":"[^"]*"`)
	number    = regexp.MustCompile(`-?\b\d+(\.\d+)?([eE][-+]?\d+)?`)
	took      = regexp.MustCompile(`(?m)^ *"took_ms": N,?\n`) // absent if it took none
	size      = regexp.MustCompile(`N ([KMGT]i)?B\b`)
	blanks    = regexp.MustCompile(`  +`)
)

// mask replaces what differs from run to run in a message.
func mask(text string) string {
	text = clock.ReplaceAllString(text, "CLOCK")
	text = address.ReplaceAllString(text, "ADDRESS")
	text = resultID.ReplaceAllString(text, "ID")
	text = damagedAs.ReplaceAllString(text, ".damaged-N")
	text = length.ReplaceAllString(text, "LENGTH")
	return blanks.ReplaceAllString(text, " ")
}

// maskHello replaces what only one host and one connection have in hello.
func maskHello(params []byte) string {
	return maskNumbers(ofKey.ReplaceAll(params, []byte(`"$1":"OWN"`)))
}

// maskNumbers replaces every number of a document, too.
func maskNumbers(text []byte) string {
	return size.ReplaceAllString(number.ReplaceAllString(mask(string(text)), "N"), "SIZE")
}

// withoutHandOver removes the line of --verbose that tells of it.
func withoutHandOver(stderr string) string {
	lines := strings.SplitAfter(stderr, "\n")
	return strings.Join(slices.DeleteFunc(lines, func(line string) bool {
		return strings.HasPrefix(line, "CLOCK handing over to ")
	}), "")
}

// hostFolder returns the path of a folder to be made, which every user can enter.
func hostFolder(t *testing.T) string { return filepath.Join(collecttest.Folder(t), "host") }
