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

// An attackedHost is a host with results waiting, and an endpoint that becomes hostile to it.
type attackedHost struct {
	*host
	endpoint    *hostileEndpoint
	attack      attack
	launcher    string
	peak        int64 // peak resident bytes of the runs under attack
	lateAllowed bool  // a run past its deadline sets late and is no failure: the machine may be busy
	late        bool
	cpu         time.Duration
	disk        int             // size of the state after the attack, bytes
	seen        map[string]bool // results that were ever in the spool
}

var goodFeatures = []string{transport.FeaturePipelining, transport.FeatureResultID, transport.FeatureScheduleHash}

func newAttackedHost(t *testing.T, launcher string, k attack) *attackedHost {
	t.Helper()
	features := goodFeatures
	if k.multi {
		features = append([]string{transport.FeaturePostMulti, transport.FeaturePostMultiLZ4}, features...)
	}
	f := newHostileEndpoint(t, transporttest.Script{Features: features, ScheduleHash: "good"})
	v := &attackedHost{host: newHost(t, f.address(), f.good.Pin()), endpoint: f, attack: k, launcher: launcher, seen: make(map[string]bool)}
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
	// The state is in memory: how busy this machine's disk is does not matter here.
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
	if n := len(v.spoolIDs(t)); n < 5 {
		t.Fatalf("%d results wait", n)
	}
	v.check("fresh", "agent.memory")
	return v
}

// spoolIDs returns the ids of what is in the spool, refused or not, and remembers them.
func (v *attackedHost) spoolIDs(t *testing.T) map[string]bool {
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

// checkNothingLost checks that every result that was ever in the spool still is, or was acknowledged.
func (v *attackedHost) checkNothingLost(t *testing.T) {
	t.Helper()
	here := v.spoolIDs(t)
	stored := checkStoredOnce(t, v.endpoint.good.Stored())
	v.endpoint.mu.Lock()
	defer v.endpoint.mu.Unlock()
	for id := range v.seen {
		if !here[id] && !stored[id] && !v.endpoint.acknowledged[id] {
			t.Errorf("%s is lost: neither in the spool nor at the endpoint", id)
		}
	}
}

// runUnderAttack makes two runs while the endpoint is hostile.
func (v *attackedHost) runUnderAttack(t *testing.T) {
	t.Helper()
	before := v.outside(t)
	conf := v.endpoint.tlsConfig()
	if v.attack.tlsConfig != nil {
		v.attack.tlsConfig(t, conf)
	}
	if v.attack.beforeTLS {
		conf = nil
	}
	v.endpoint.become(v.attack.behave, conf)
	deadline := "--deadline=" + hostileDeadline.String()
	printed := v.launch(t, v.attack.exitCode, "run", deadline)
	if lines := strings.Count(printed, "\n"); lines > 3 || len(printed) > 8<<10 {
		t.Errorf("cron would mail %d lines, %d bytes: %.300q", lines, len(printed), printed)
	}
	v.checkNothingLost(t)
	v.launch(t, v.attack.exitCode, "run", deadline, "--verbose")
	v.checkNothingLost(t)
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

// recover makes the endpoint behave well again: everything is delivered, once.
func (v *attackedHost) recover(t *testing.T) {
	t.Helper()
	v.endpoint.become(nil, nil)
	if v.attack.backsOff {
		v.mustRun(t, 0, "flush", "--deadline=20s")
	} else {
		v.mustRun(t, 0, "run", "--strict", "--deadline=20s")
	}
	v.checkNothingLost(t)
	if left := v.waiting(); len(left) > 0 {
		t.Errorf("%d results still wait", len(left))
	}
	if faults := v.endpoint.good.Faults(); len(faults) > 0 {
		t.Errorf("faults: %v", faults)
	}
}

// launch runs virgo under attack, measures it, and returns its stderr.
func (v *attackedHost) launch(t *testing.T, want int, args ...string) string {
	t.Helper()
	limit, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	reportFile := filepath.Join(t.TempDir(), "report")
	cmd := v.command(limit, args...)
	cmd.Args = append([]string{v.launcher, reportFile, cmd.Path}, cmd.Args[1:]...)
	cmd.Path = v.launcher
	out := v.output(t, cmd)
	report, err := os.ReadFile(reportFile)
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
	if overdue && v.lateAllowed {
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
func (v *attackedHost) mustRun(t *testing.T, want int, args ...string) {
	t.Helper()
	limit, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := v.command(limit, args...)
	out := v.output(t, cmd)
	if code := cmd.ProcessState.ExitCode(); code != want {
		t.Fatalf("virgo %v ended with %d, want %d: %.2000s", args, code, want, out)
	}
}

// output runs a command and returns its stderr; stdout and stderr must be fit for a terminal.
func (v *attackedHost) output(t *testing.T, cmd *exec.Cmd) string {
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

// stateFiles returns the names of the files in the state folder.
func (v *attackedHost) stateFiles(t *testing.T) map[string]bool {
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

// outside returns mode and content of everything outside the state folder.
func (v *attackedHost) outside(t *testing.T) map[string]string {
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
