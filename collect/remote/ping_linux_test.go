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

// ownNetwork is the argument of the test binary that says that nobody else sees its network.
const ownNetwork = "in-a-network-of-its-own"

// inOwnNetwork runs the test again in a process with a network and mounts of its own, and returns whether this is that process. In
// it lo is up.
func inOwnNetwork(t *testing.T) bool {
	t.Helper()
	if flag.Arg(0) == ownNetwork {
		ip(t, "link set lo up")
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", ownNetwork)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	switch text, exit := string(out), new(exec.ExitError); {
	case err != nil && !errors.As(err, &exit):
		collecttest.Lacks(t, "a network of its own needs root or user namespaces: "+err.Error())
	case err != nil || !strings.Contains(text, "PASS"):
		t.Errorf("%v\n%s", err, text)
	case strings.Contains(text, "--- SKIP"):
		t.Skip(text)
	}
	return false
}

func ip(t *testing.T, line string) {
	t.Helper()
	if out, err := exec.Command(collecttest.Program(t, "ip", "iproute2"), strings.Fields(line)...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v: %s", line, err, out)
	}
}

// groups sets who may have an unprivileged socket in this network; a new one has "1 0", nobody.
func groups(t *testing.T, text string) {
	t.Helper()
	const file = "/proc/sys/net/ipv4/ping_group_range"
	if now, err := os.ReadFile(file); err == nil && strings.Join(strings.Fields(string(now)), " ") == text {
		return
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		collecttest.Lacks(t, "only root may say who may ping: "+err.Error())
	}
}

func answersAll(t *testing.T, target string, count int) {
	t.Helper()
	leavesNothing(t, func() {
		r := looks(t, "remote.ping", schedule.Details{"target": target, "count": count})
		available(t, r)
		has(t, r, map[string]string{"available": "100", "count": strconv.Itoa(count)})
		for _, name := range []string{"minimum", "average", "maximum"} {
			if ms, err := strconv.ParseFloat(value(r, name), 64); err != nil || ms <= 0 || ms > 1000 {
				t.Errorf("%s: %s is %q", target, name, value(r, name))
			}
		}
	})
}

// As root, whose right is the raw socket, in a network where nobody has the other kind.
func TestPingWithARawSocket(t *testing.T) {
	if inOwnNetwork(t) {
		groups(t, "1 0")
		answersAll(t, "127.0.0.1", 3)
		answersAll(t, "::1", 2)
	}
}

// Each of many hears only its own answers, though raw sockets hear all.
func TestPingManyAtOnce(t *testing.T) {
	if !inOwnNetwork(t) {
		return
	}
	groups(t, "1 0")
	done := make(chan bool)
	for range 50 {
		go func() { answersOnce(t, "127.0.0.1"); done <- true }()
		go func() { answersOnce(t, "::1"); done <- true }()
	}
	for range 100 {
		<-done
	}
}

func answersOnce(t *testing.T, target string) {
	r := run(t, typed(t, Options{}, "remote.ping"), schedule.Details{"target": target, "count": 2}, 20*time.Second)
	if r.State != "available" || value(r, "available") != "100" {
		t.Errorf("%s: %s %q, %s %%", target, r.State, r.Status, value(r, "available"))
	}
}

// As a user who may do nothing but what ping_group_range allows.
func TestPingUnprivileged(t *testing.T) {
	if !inOwnNetwork(t) {
		return
	}
	groups(t, "0 2147483647")
	dropRights(t)
	answersAll(t, "127.0.0.1", 2)
	answersAll(t, "::1", 2)
}

func TestPingWithoutTheRight(t *testing.T) {
	if !inOwnNetwork(t) {
		return
	}
	groups(t, "1 0")
	dropRights(t)
	for _, target := range []string{"127.0.0.1", "::1"} {
		r := looks(t, "remote.ping", schedule.Details{"target": target})
		fails(t, r, "pinging "+target+": "+echoNeeds)
	}
	if !strings.Contains(echoNeeds, "ping_group_range='0 2147483647'") || !strings.Contains(echoNeeds, "setcap cap_net_raw+ep") || len(echoNeeds) > 230 {
		t.Errorf("the hint does not fit a status or does not help: %s", echoNeeds)
	}
}

// dropRights makes this process nobody's, in all its threads.
func dropRights(t *testing.T) {
	t.Helper()
	const nobody = 65534
	for _, drop := range []func() error{
		func() error { return syscall.Setgroups(nil) },
		func() error { return syscall.Setgid(nobody) },
		func() error { return syscall.Setuid(nobody) },
	} {
		if err := drop(); err != nil {
			collecttest.Lacks(t, "only root can become somebody else: "+err.Error())
		}
	}
}
