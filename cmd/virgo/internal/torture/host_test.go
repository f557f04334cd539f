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

// token is what no program may ever show.
const token = "s3cr3t-t0ken-of-the-torture-tests"

// agentID is every host's.
const agentID = "tortured-1"

// A host is a machine of its own for the real virgo: everything that it reads or writes is below root.
type host struct {
	t     testing.TB
	root  string
	state string
}

// newHost makes one that trusts the endpoint at that address. more are further lines of its virgo.yaml.
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

// configure writes the host's virgo.yaml anew.
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

// command is the real virgo on this host, ready to start.
func (h *host) command(ctx context.Context, args ...string) *exec.Cmd {
	h.t.Helper()
	cmd := exec.CommandContext(ctx, program(h.t, "virgo"), args...)
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

// waiting gives the ids of the results that the host's spool holds, oldest first.
func (h *host) waiting() []string {
	h.t.Helper()
	s, err := spool.Open(h.state, spool.Options{})
	if err != nil {
		h.t.Fatal(err)
	}
	return waitingIn(h.t, s)
}

// waitingIn gives the ids of what waits in a spool, oldest first.
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

// once checks that a fake endpoint's books hold each result once, and gives their ids.
func once(t testing.TB, stored []transporttest.Stored) map[string]bool {
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
