package remote

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"virgo/collect/collecttest"
	"virgo/schedule"
)

// ownNetworkArg is the argument of a test process in its own network namespace.
const ownNetworkArg = "in-a-network-of-its-own"

// rerunInOwnNetwork runs the test in a new process with its own network and mount namespaces, and
// reports whether this is that process, in which lo is up.
func rerunInOwnNetwork(t *testing.T) bool {
	t.Helper()
	if flag.Arg(0) == ownNetworkArg {
		ip(t, "link set lo up")
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", ownNetworkArg)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	switch text, exit := string(out), new(exec.ExitError); {
	case err != nil && !errors.As(err, &exit):
		collecttest.Lacks(t, "a network namespace needs root or user namespaces: "+err.Error())
	case err != nil || !strings.Contains(text, "PASS"):
		t.Errorf("%v\n%s", err, text)
	case strings.Contains(text, "--- SKIP"):
		t.Skip(text)
	}
	return false
}

// ip runs ip(8).
func ip(t *testing.T, line string) {
	t.Helper()
	if out, err := exec.Command(collecttest.Program(t, "ip", "iproute2"), strings.Fields(line)...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v: %s", line, err, out)
	}
}

// setPingGroups sets net.ipv4.ping_group_range; "1 0", the default, permits nobody.
func setPingGroups(t *testing.T, text string) {
	t.Helper()
	const file = "/proc/sys/net/ipv4/ping_group_range"
	if now, err := os.ReadFile(file); err == nil && strings.Join(strings.Fields(string(now)), " ") == text {
		return
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		collecttest.Lacks(t, "only root may set ping_group_range: "+err.Error())
	}
}

func wantAllReplies(t *testing.T, target string, count int) {
	t.Helper()
	checkNoGoroutines(t, func() {
		r := runType(t, "remote.ping", schedule.Details{"target": target, "count": count})
		wantAvailable(t, r)
		wantMetrics(t, r, map[string]string{"available": "100", "count": strconv.Itoa(count)})
		for _, name := range []string{"minimum", "average", "maximum"} {
			if ms, err := strconv.ParseFloat(value(r, name), 64); err != nil || ms <= 0 || ms > 1000 {
				t.Errorf("%s: %s is %q", target, name, value(r, name))
			}
		}
	})
}

// TestPingRaw: root pings with a raw socket where nobody may use unprivileged ones.
func TestPingRaw(t *testing.T) {
	if rerunInOwnNetwork(t) {
		setPingGroups(t, "1 0")
		wantAllReplies(t, "127.0.0.1", 3)
		wantAllReplies(t, "::1", 2)
	}
}

// TestPingConcurrently: each check counts its own replies, though raw sockets receive all.
func TestPingConcurrently(t *testing.T) {
	if !rerunInOwnNetwork(t) {
		return
	}
	setPingGroups(t, "1 0")
	done := make(chan bool)
	for range 50 {
		go func() { wantReplies(t, "127.0.0.1"); done <- true }()
		go func() { wantReplies(t, "::1"); done <- true }()
	}
	for range 100 {
		<-done
	}
}

func wantReplies(t *testing.T, target string) {
	r := run(t, typeNamed(t, Options{}, "remote.ping"), schedule.Details{"target": target, "count": 2}, 20*time.Second)
	if r.State != "available" || value(r, "available") != "100" {
		t.Errorf("%s: %s %q, %s %%", target, r.State, r.Status, value(r, "available"))
	}
}

// TestPingUnprivileged: a user pings where ping_group_range permits it.
func TestPingUnprivileged(t *testing.T) {
	if !rerunInOwnNetwork(t) {
		return
	}
	setPingGroups(t, "0 2147483647")
	becomeNobody(t)
	wantAllReplies(t, "127.0.0.1", 2)
	wantAllReplies(t, "::1", 2)
}

func TestPingNotPermitted(t *testing.T) {
	if !rerunInOwnNetwork(t) {
		return
	}
	setPingGroups(t, "1 0")
	becomeNobody(t)
	for _, target := range []string{"127.0.0.1", "::1"} {
		r := runType(t, "remote.ping", schedule.Details{"target": target})
		wantUnavailable(t, r, "pinging "+target+": "+pingNotPermitted)
	}
	if !strings.Contains(pingNotPermitted, "ping_group_range='0 2147483647'") || strings.Contains(pingNotPermitted, "setcap") || len(pingNotPermitted) > 230 {
		t.Errorf("the hint is too long for a status, or lacks a command: %s", pingNotPermitted)
	}
}

// becomeNobody changes this process's user to nobody, in all threads.
func becomeNobody(t *testing.T) {
	t.Helper()
	const nobody = 65534
	for _, drop := range []func() error{
		func() error { return syscall.Setgroups(nil) },
		func() error { return syscall.Setgid(nobody) },
		func() error { return syscall.Setuid(nobody) },
	} {
		if err := drop(); err != nil {
			collecttest.Lacks(t, "only root can change its user: "+err.Error())
		}
	}
}
