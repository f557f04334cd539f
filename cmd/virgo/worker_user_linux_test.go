package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"virgo/cmd/internal/agent"
)

// installedForAll copies virgo to a folder that every user can enter.
func installedForAll(t *testing.T) string {
	t.Helper()
	self, err := exec.LookPath("virgo")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "virgo-user-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "virgo")
	if err := os.WriteFile(file, program, 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

// What parses the answers of other hosts has neither root's user nor its groups and capabilities.
func TestWorkerProcessRunsAsItsUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can start a process as another user")
	}
	check := startTCPCheck(t, installedForAll(t), "VIRGO_WORKER_USER=nobody")
	conn, pid := check.accept()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]string{}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		fields[name] = strings.Join(strings.Fields(value), " ")
	}
	if uid, groups := fields["Uid"], fields["Groups"]; uid != "65534 65534 65534 65534" || strings.HasPrefix(groups+" ", "0 ") {
		t.Errorf("the worker runs as %q, with the groups %q", uid, groups)
	}
	const rawSockets = "0000000000002000"
	if caps := fields["CapEff"]; caps != rawSockets && caps != "0000000000000000" {
		t.Errorf("the worker has the capabilities %s", caps)
	}
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil || !bytes.Contains(environ, []byte("\x00USER=nobody\x00")) || bytes.Contains(environ, []byte("\x00HOME=/root\x00")) {
		t.Errorf("the worker's environment is %q (%v)", environ, err)
	}
	if _, err := conn.Write([]byte("220 good day\r\n")); err != nil {
		t.Fatal(err)
	}
	if out, code := check.end(); code != agent.ExitOK {
		t.Errorf("virgo ended with %d: %s", code, out)
	}
}

// Ping works without root, host information that only root can read too, and a user that does not exist
// is no reason to run as root.
func TestWorkerUserLeavesWhatNeedsRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can start a process as another user")
	}
	virgo, secret := installedForAll(t), filepath.Join(t.TempDir(), "my.cnf")
	if err := os.WriteFile(secret, []byte("[client]\nhost=127.0.0.1\nport=1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(user string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), virgo, args...)
		cmd.Env = append(os.Environ(), "NO_COLOR=1", "VIRGO_CONFIG=/dev/null", "VIRGO_STATE="+t.TempDir(), "VIRGO_WORKER_USER="+user)
		out, _ := cmd.CombinedOutput() // the text says how it ended
		return string(out)
	}
	for _, c := range []struct {
		user, want string
		args       []string
	}{
		{"nobody", "remote.ping  available", []string{"check", "remote.ping", "target=127.0.0.1", "count=1"}},
		{"nobody", `"last_changed": "2`, []string{"hostinfo", "passwd", "--json"}},
		{"nobody", "such checks run as user nobody", []string{"check", "agent.mysql", "mycnf=" + secret}},
		{"root", "Connection refused by 127.0.0.1:1", []string{"check", "agent.mysql", "mycnf=" + secret}},
		{"no-such-user", `there is no user "no-such-user"`, []string{"check", "remote.tcp", "target=127.0.0.1", "port=1"}},
	} {
		if out := run(c.user, c.args...); !strings.Contains(out, c.want) {
			t.Errorf("as %s: %v: %s, want %q", c.user, c.args, out, c.want)
		}
	}
}
