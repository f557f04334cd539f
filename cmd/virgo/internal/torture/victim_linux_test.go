package torture

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"virgo/spool"
	"virgo/transport"
	"virgo/transport/transporttest"
)

// A victim is a host with results that wait, and an endpoint that turns on it.
type victim struct {
	*host
	foe      *foe
	trick    trick
	launcher string
	peak     int64 // resident bytes, of the runs under attack
	patient  bool  // a run past its deadline is noted in late, no failure: the machine is busy
	late     bool
	cpu      time.Duration
	disk     int             // bytes of the state after the attack
	seen     map[string]bool // results that were ever kept
}

var goodFeatures = []string{transport.FeaturePipelining, transport.FeatureResultID, transport.FeatureScheduleHash}

func newVictim(t *testing.T, launcher string, k trick) *victim {
	t.Helper()
	f := newFoe(t, transporttest.Script{Features: goodFeatures, ScheduleHash: "good"})
	v := &victim{host: newHost(t, f.address(), f.good.Pin()), foe: f, trick: k, launcher: launcher, seen: make(map[string]bool)}
	for name, text := range map[string]string{
		"outside.sh":        "#!/bin/sh\ntouch " + filepath.Join(v.root, "tmp", "owned") + "\n",
		"plugins/inside.sh": "#!/bin/sh\necho status ok\n",
	} {
		path := filepath.Join(v.root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	// Its disk is memory: how long others let this machine's disk wait is not what is measured.
	v.state = filepath.Join(fastDir(t), "state")
	if err := os.Symlink("../outside.sh", filepath.Join(v.root, "plugins", "link.sh")); err != nil {
		t.Fatal(err)
	}
	// The endpoint is known, and some results wait.
	v.check("known", "agent.memory")
	v.mustRun(t, 0, "run", "--strict")
	for i := range 5 {
		v.check(fmt.Sprintf("waits%d", i), "agent.memory")
	}
	v.mustRun(t, 0, "run", "--no-deliver")
	if n := len(v.look(t)); n < 5 {
		t.Fatalf("%d results wait", n)
	}
	v.check("fresh", "agent.memory")
	return v
}

// look gives the ids of what is in the spool, refused or not, and remembers them.
func (v *victim) look(t *testing.T) map[string]bool {
	t.Helper()
	s, err := spool.Open(v.state, spool.Options{})
	if err != nil {
		t.Fatal(err)
	}
	here := make(map[string]bool)
	for _, id := range waitingIn(t, s) {
		here[id] = true
	}
	err = s.ListRejected(context.Background(), func(r spool.Record, _ spool.Refusal) error {
		if here[r.ID] {
			t.Errorf("%s is both waiting and refused", r.ID)
		}
		here[r.ID] = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for id := range here {
		v.seen[id] = true
	}
	return here
}

// accounted checks that every result that was ever seen is in the spool or was acknowledged.
func (v *victim) accounted(t *testing.T) {
	t.Helper()
	here := v.look(t)
	stored := once(t, v.foe.good.Stored())
	v.foe.mu.Lock()
	defer v.foe.mu.Unlock()
	for id := range v.seen {
		if !here[id] && !stored[id] && !v.foe.took[id] {
			t.Errorf("%s is lost: neither in the spool nor at the endpoint", id)
		}
	}
}

// attack turns the endpoint on the host for two runs.
func (v *victim) attack(t *testing.T) {
	t.Helper()
	before := v.outside(t)
	conf := v.foe.tls()
	if v.trick.conf != nil {
		v.trick.conf(t, conf)
	}
	if v.trick.bare {
		conf = nil
	}
	v.foe.turn(v.trick.act, conf)
	deadline := "--deadline=" + hostileDeadline.String()
	said := v.launch(t, v.trick.code, "run", deadline)
	if lines := strings.Count(said, "\n"); lines > 3 || len(said) > 8<<10 {
		t.Errorf("cron would mail %d lines, %d bytes: %.300q", lines, len(said), said)
	}
	v.accounted(t)
	v.launch(t, v.trick.code, "run", deadline, "--verbose")
	v.accounted(t)
	for _, show := range [][]string{{"status"}, {"spool", "list", "--rejected"}, {"schedule", "show"}, {"status", "--json"}} {
		v.mustRun(t, 0, show...)
	}
	after := v.outside(t)
	for path, what := range after {
		if before[path] != what {
			t.Errorf("outside of the state, %s is new or changed", path)
		}
	}
	for path := range before {
		if _, ok := after[path]; !ok {
			t.Errorf("outside of the state, %s is gone", path)
		}
	}
	if strange, _ := filepath.Glob("/tmp/virgo-was-here*"); len(strange) > 0 {
		t.Errorf("written outside: %v", strange)
	}
	for name := range v.stateFiles(t) {
		b, err := os.ReadFile(filepath.Join(v.state, name))
		if err != nil || bytes.Contains(b, []byte(token)) {
			t.Errorf("%s holds the token, or: %v", name, err)
		}
		v.disk += len(b)
	}
}

// recover lets the endpoint be good again: everything is delivered, once.
func (v *victim) recover(t *testing.T) {
	t.Helper()
	v.foe.turn(nil, nil)
	if v.trick.away {
		v.mustRun(t, 0, "flush", "--deadline=20s")
	} else {
		v.mustRun(t, 0, "run", "--strict", "--deadline=20s")
	}
	v.accounted(t)
	if left := v.waiting(); len(left) > 0 {
		t.Errorf("%d results still wait", len(left))
	}
	if faults := v.foe.good.Faults(); len(faults) > 0 {
		t.Errorf("faults: %v", faults)
	}
}

// launch runs virgo under attack, measures it, and gives its stderr.
func (v *victim) launch(t *testing.T, want int, args ...string) string {
	t.Helper()
	limit, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	told := filepath.Join(t.TempDir(), "report")
	cmd := v.command(limit)
	cmd.Args = append([]string{v.launcher, told, cmd.Path}, args...)
	cmd.Path = v.launcher
	out := v.output(t, cmd)
	report, err := os.ReadFile(told)
	if err != nil {
		t.Fatalf("virgo %v: %v: %s", args, err, out)
	}
	var code int
	var took, cpu time.Duration
	var peak int64
	if _, err := fmt.Sscan(string(report), &code, &took, &cpu, &peak); err != nil {
		t.Fatal(err)
	}
	v.peak, v.cpu = max(v.peak, peak), max(v.cpu, cpu)
	overdue := took > hostileDeadline+hostileGrace || code == 1 && strings.Contains(out, "after the deadline of")
	if overdue && v.patient {
		v.late = true
		return ""
	}
	if code != want {
		t.Errorf("virgo %v ended with %d, want %d: %.2000s", args, code, want, out)
	}
	if overdue {
		t.Errorf("virgo %v took %v, its deadline is %v", args, took, hostileDeadline)
	}
	return out
}

// mustRun runs virgo to a certain exit code.
func (v *victim) mustRun(t *testing.T, want int, args ...string) {
	t.Helper()
	limit, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := v.command(limit, args...)
	out := v.output(t, cmd)
	if code := cmd.ProcessState.ExitCode(); code != want {
		t.Fatalf("virgo %v ended with %d, want %d: %.2000s", args, code, want, out)
	}
}

// output runs a command and gives what it says; stdout and stderr must be fit to be seen.
func (v *victim) output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	exitOf(t, cmd.Run())
	for _, text := range []string{out.String(), errs.String()} {
		if strings.Contains(text, token) {
			t.Errorf("virgo %v shows the token: %.500q", cmd.Args[1:], strings.ReplaceAll(text, token, "[TOKEN]"))
		}
		for _, r := range text {
			if r != '\n' && unicode.IsControl(r) || 0x202a <= r && r <= 0x202e || 0x2066 <= r && r <= 0x2069 {
				t.Errorf("virgo %v prints %U: %.500q", cmd.Args[1:], r, text)
				break
			}
		}
		if !utf8.ValidString(text) {
			t.Errorf("virgo %v prints what is no UTF-8: %.500q", cmd.Args[1:], text)
		}
		if strings.Contains(text, "panic") || strings.Contains(text, "goroutine ") || strings.Contains(text, "fatal error") {
			t.Errorf("virgo %v crashed: %.3000s", cmd.Args[1:], text)
		}
	}
	return errs.String()
}

// stateFiles gives the names in the state folder.
func (v *victim) stateFiles(t *testing.T) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	err := filepath.WalkDir(v.state, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(v.state, path)
			names[name] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// outside gives what lies outside of the state folder and beside the host: mode, and text or length.
func (v *victim) outside(t *testing.T) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(filepath.Dir(v.root), func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == v.state {
			return fs.SkipDir
		}
		if filepath.Dir(path) == filepath.Dir(v.root) && path != v.root {
			return fs.SkipDir // the test's own temporary folders
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		all[path] = info.Mode().String()
		if d.Type().IsRegular() {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			all[path] += " " + string(b)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
