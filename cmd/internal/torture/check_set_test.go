//go:build unix

package torture

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/schedule"
)

// countPlugin notes that it ran in a file beside its folder, sleeps, and prints a metric. Its first argument is
// the time to sleep in seconds, for sleep(1); without one it does not sleep.
const countPlugin = `#!/bin/sh
echo "$VIRGO_CHECK_ID $(date +%s)" >>../ran
test -z "$1" || sleep "$1"
echo "status $VIRGO_CHECK_ID was here"
echo "metric pid int64 $$"
`

// period of a test's checks: so long that none is due twice during a test.
const period = 24 * time.Hour

// A checkSet is the checks of one run: new ones, so that each yields one result. Their ids are NAME-KIND-N.
type checkSet struct {
	name   string
	sleep  string // seconds that its plugin sleeps, "" for none
	checks []string
}

// newCheckSet writes the checks of a run, besides those that are there already.
func (h *host) newCheckSet(name, sleep string) checkSet {
	h.t.Helper()
	r := checkSet{name: name, sleep: sleep}
	var text strings.Builder
	for _, kind := range []string{"agent.memory", "agent.load_average", "agent.virgo", "agent.plugin"} {
		id := idNotDueSoon(name + "-" + strings.TrimPrefix(kind, "agent."))
		fmt.Fprintf(&text, "- id: %s\n  type: %s\n  period: %d\n  timeout: 30\n", id, kind, int(period.Seconds()))
		if kind == "agent.plugin" {
			fmt.Fprintf(&text, "  details:\n    file: count.sh\n    args: %q\n", sleep)
		}
		r.checks = append(r.checks, id)
	}
	h.write(filepath.Join("checks.d", name+".yaml"), text.String(), 0o600)
	return r
}

// idNotDueSoon makes an id from name whose check has no due time shortly before or after now.
func idNotDueSoon(name string) string {
	for i := 0; ; i++ {
		id := fmt.Sprintf("%s-%d", name, i)
		c := schedule.Check{ID: id, Period: period}
		into := (time.Duration(time.Now().UnixNano()) - c.Phase(agentID)) % period
		if into > 2*time.Hour && into < period-2*time.Hour {
			return id
		}
	}
}

// removeCheckSet removes the checks of a set.
func (h *host) removeCheckSet(r checkSet) {
	if err := os.Remove(filepath.Join(h.root, "checks.d", r.name+".yaml")); err != nil {
		h.t.Fatal(err)
	}
}

func (h *host) write(name, text string, mode os.FileMode) {
	h.t.Helper()
	path := filepath.Join(h.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		h.t.Fatal(err)
	}
}

// newWorkingHost is a host with the plugin, for the real endpoint.
func newWorkingHost(t testing.TB, r *realEndpoint, more ...string) *host {
	t.Helper()
	h := newHost(t, r.address, r.pin, more...)
	h.setToken(r.token)
	h.write(filepath.Join("plugins", "count.sh"), countPlugin, 0o700)
	return h
}

// rename gives the host an id of its own.
func (h *host) rename(id string) {
	h.t.Helper()
	h.replaceInConfig("agent_id: "+agentID, "agent_id: "+id)
}

// setToken replaces the tests' own token by the endpoint's.
func (h *host) setToken(secret string) {
	h.t.Helper()
	h.replaceInConfig(token, secret)
}

func (h *host) replaceInConfig(old, text string) {
	h.t.Helper()
	b, err := os.ReadFile(h.config())
	if err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(h.config(), bytes.ReplaceAll(b, []byte(old), []byte(text)), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// An exitState is how a program ended.
type exitState struct {
	code int // -1: by a signal
	took time.Duration
	out  string // stdout
	errs string // stderr
}

// run runs virgo on this host to its end.
func (h *host) run(args ...string) exitState {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	return finish(h.t, h.command(ctx, args...))
}

// finish runs a program to its end.
func finish(t testing.TB, cmd *exec.Cmd) exitState {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.WaitDelay = waitDelay
	started := time.Now()
	code := exitOf(t, ignoreWaitDelay(cmd.Run()))
	return exitState{code, time.Since(started), out.String(), errs.String()}
}

// drain makes undisturbed runs until nothing waits.
func (h *host) drain(l *ledger) {
	h.t.Helper()
	for range 3 {
		e := h.run("run", "--strict")
		if e.code != 0 {
			h.t.Fatalf("an undisturbed run ended with %d: %s", e.code, e.errs)
		}
		if len(h.waiting()) == 0 {
			return
		}
	}
	h.t.Errorf("%d results still wait after undisturbed runs", len(h.waiting()))
}
