package torture

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"virgo/spool"
	"virgo/transport/transporttest"
)

// token must never be shown by any program.
const token = "s3cr3t-t0ken-of-the-torture-tests"

// agentID is the agent id of every host.
const agentID = "tortured-1"

// A host is an environment of its own for the real virgo: everything that it reads or writes is below root.
type host struct {
	t     testing.TB
	root  string
	state string
}

// newHost makes a host that trusts the endpoint at address. more are further lines of its virgo.yaml.
func newHost(t testing.TB, address, pin string, more ...string) *host {
	t.Helper()
	h := &host{t: t, root: t.TempDir()}
	h.state = filepath.Join(h.root, "state")
	h.configure(address, pin, more...)
	for _, dir := range []string{"home", "tmp", "checks.d"} {
		if err := os.Mkdir(filepath.Join(h.root, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// configure rewrites the host's virgo.yaml.
func (h *host) configure(address, pin string, more ...string) {
	h.t.Helper()
	lines := append([]string{
		"agent_id: " + agentID,
		"endpoint: " + address,
		"pin: " + pin,
		"token: " + token,
	}, more...)
	if err := os.WriteFile(h.config(), []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

func (h *host) config() string { return filepath.Join(h.root, "virgo.yaml") }

// command is the real program on this host, ready to start: virgo-run for a run, as timers start it,
// and virgo for every other command.
func (h *host) command(ctx context.Context, args ...string) *exec.Cmd {
	h.t.Helper()
	name := "virgo"
	if args[0] == "run" {
		name, args = "virgo-run", args[1:]
	}
	cmd := exec.CommandContext(ctx, program(h.t, name), args...)
	cmd.Dir = h.root
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"),
		"SystemRoot=" + os.Getenv("SystemRoot"),
		"HOME=" + filepath.Join(h.root, "home"),
		"USERPROFILE=" + filepath.Join(h.root, "home"),
		"TMPDIR=" + filepath.Join(h.root, "tmp"),
		"TMP=" + filepath.Join(h.root, "tmp"),
		"VIRGO_CONFIG=" + h.config(),
		"VIRGO_STATE=" + h.state,
		"VIRGO_PLUGINS=" + filepath.Join(h.root, "plugins"),
		"NO_COLOR=1",
	}
	return cmd
}

// check writes one local check.
func (h *host) check(id, checkType string) {
	h.t.Helper()
	text := fmt.Sprintf("id: %s\ntype: %s\nperiod: 60s\n", id, checkType)
	if err := os.WriteFile(filepath.Join(h.root, "checks.d", id+".yaml"), []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// waiting returns the ids of the results in the host's spool, oldest first.
func (h *host) waiting() []string {
	h.t.Helper()
	s, err := spool.Open(h.state, spool.Options{})
	if err != nil {
		h.t.Fatal(err)
	}
	return waitingIn(h.t, s)
}

// waitingIn returns the ids of the results in a spool, oldest first.
func waitingIn(t testing.TB, s *spool.Spool) []string {
	t.Helper()
	var ids []string
	for after := uint64(0); ; {
		records, err := s.Read(context.Background(), after, 256, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if len(records) == 0 {
			return ids
		}
		for _, r := range records {
			ids = append(ids, r.ID)
			after = r.Seq
		}
	}
}

// checkStoredOnce checks that each result is stored once, and returns their ids.
func checkStoredOnce(t testing.TB, stored []transporttest.Stored) map[string]bool {
	t.Helper()
	ids := make(map[string]bool)
	for _, s := range stored {
		if s.ResultID == "" || ids[s.ResultID] {
			t.Errorf("result id %q is missing, or stored twice", s.ResultID)
		}
		ids[s.ResultID] = true
	}
	return ids
}
