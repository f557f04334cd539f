package api

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"virgo/collect/script"
	"virgo/schedule"
	"virgo/schedule/capability"
	"virgo/schedule/policy"
)

// guardOf is the real guard of a script that lies in the owner's folder: it may have what it declares, and nothing of
// what no script may have.
func guardOf(t *testing.T, needs capability.Set, never ...string) script.Guard {
	t.Helper()
	g, err := policy.Grants{}.Guard(policy.ScriptCheck{Definition: schedule.Definition{Type: "script.a"}, Needs: needs, Own: true, Deny: never})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// A script that declares everything, on a host whose owner lets it, still gets nothing of the agent's and of other
// processes.
func TestNoScriptReadsSecrets(t *testing.T) {
	dir := tree(t)
	if err := os.Link(filepath.Join(dir, "secret/key"), filepath.Join(dir, "a/hard")); err != nil {
		t.Fatal(err)
	}
	guard := guardOf(t, capability.Set{capability.Files: {"/**"}}, dir+"/secret")
	pid := os.Getppid()
	for _, path := range []string{
		dir + "/secret/key", dir + "/b/out", dir + "/b/secret/key", dir + "/a/hard", dir + "/a/../secret/key", "//" + dir[1:] + "/secret//key",
		"/proc/self/root" + dir + "/secret/key", "/proc/self/cwd/x", "/proc/self/environ", "/proc/self/fd/0", "/dev/fd/0", "/dev/stdin",
		fmt.Sprintf("/proc/%d/environ", pid), fmt.Sprintf("/proc/%d/cmdline", pid), fmt.Sprintf("/proc/%d/task/%d/environ", pid, pid),
		"/proc/thread-self/environ", "/proc/self/mem", "/proc/kcore", "/proc/self/map_files",
	} {
		for _, code := range []string{`file.read(%q)`, `file.read(%q, 10)`, `file.lines(%q)()`, `file.readlink(%q)`} {
			got, err := run(t, guard, "return "+fmt.Sprintf(code, path))
			if err == nil && !strings.HasPrefix(got, "nil | ") || strings.Contains(got, "geheim") {
				t.Errorf("%s of %s: %q, %v", code, path, got, err)
			}
		}
	}
	got, err := run(t, guard, fmt.Sprintf(`return file.list(%q), file.list("/proc/self/fd/*"), file.list(%q), file.usage(%q).bytes`, dir+"/secret/*", dir+"/b/secret/*", dir+"/a"))
	if err == nil || strings.Contains(got, "key") {
		t.Errorf("listing: %s, %v", got, err)
	}
	if got, err := run(t, guard, `return file.read("/proc/self/status"):match("Name"), file.read("/proc/uptime"):match("%d") ~= nil`); err != nil || got != "Name | true" {
		t.Errorf("what scripts may read of /proc: %s, %v", got, err)
	}
}

// A detail of a file that grows while it is read, or is endless, ends at the bound.
func TestEndlessFilesOfTheKernel(t *testing.T) {
	guard := guardOf(t, capability.Set{capability.Files: {"/**"}})
	for _, path := range []string{"/dev/zero", "/dev/urandom", "/dev/tty", "/dev/null"} {
		if got, err := run(t, guard, fmt.Sprintf(`return file.read(%q, 10)`, path)); err == nil && !strings.HasSuffix(got, "not a regular file") && !strings.HasSuffix(got, "no such file or directory") {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
}

// What a script declares by name must not lead to this host itself or to the metadata service.
func TestNamesThatLeadInward(t *testing.T) {
	guard := guardOf(t, capability.Set{capability.TCP: {"*:*"}, capability.HTTP: {"http://**"}, capability.UDP: {"*:*"}})
	for _, code := range []string{
		`net.tcp("169.254.169.254", 80)`, `net.tcp("[fd00:ec2::254]", 80)`, `net.tcp("fd00:ec2::254", 80)`, `net.udp("255.255.255.255", 9)`, `net.udp("224.0.0.1", 9)`,
		`http.get("http://169.254.169.254/latest/meta-data/")`, `http.get("http://169.254.169.254.:80/")`, `http.get("http://[::ffff:169.254.169.254]/")`,
		`http.get("http://metadata.google.internal/")`,
	} {
		got, err := run(t, guard, "return "+code)
		if err == nil {
			t.Errorf("%s: %s", code, got)
		}
	}
}

// A folder above a socket becomes a link after the guard agreed: the other socket is not reached.
func TestReplacedSocket(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"allowed", "other"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		raw(t, "unix", filepath.Join(dir, name, "s.sock"), name+"\n")
	}
	guard := &swappingSocket{allowing: &allowing{list: []string{"unix *"}}, after: func() {
		if err := os.Rename(dir+"/allowed", dir+"/away"); err != nil {
			t.Error(err)
		}
		if err := os.Symlink("other", dir+"/allowed"); err != nil {
			t.Error(err)
		}
	}}
	got, err := run(t, guard, fmt.Sprintf(`local c, why = net.unix(%q) if not c then return why end c:send("x") return c:line()`, dir+"/allowed/s.sock"))
	if err != nil || !strings.Contains(got, "not a directory") {
		t.Errorf("%s, %v", got, err)
	}
}

// swappingSocket changes the world after the decision on the address that is dialled.
type swappingSocket struct {
	*allowing
	after func()
}

func (g *swappingSocket) Control(network, host string) func(context.Context, string, string, syscall.RawConn) error {
	decide := g.allowing.Control(network, host)
	return func(ctx context.Context, network, address string, c syscall.RawConn) error {
		err := decide(ctx, network, address, c)
		g.after()
		return err
	}
}
