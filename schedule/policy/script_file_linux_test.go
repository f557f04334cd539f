package policy

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"virgo/schedule/capability"
)

func TestScriptsReadLittleOfProcesses(t *testing.T) {
	g := scriptGuard(t, Grants{}, ScriptCheck{Needs: capability.Set{capability.Files: {"/proc/**", "/dev/**", "/sys/**"}}, Own: true})
	own, other := strconv.Itoa(os.Getpid()), strconv.Itoa(os.Getppid())
	for path, want := range map[string]string{
		"/proc/mdstat": "", "/proc/self/mountinfo": "", "/proc/mounts": "", "/proc/net/tcp": "", "/proc/self/net/udp": "", "/proc/sys/fs/file-nr": "",
		"/proc/" + own + "/status": "", "/proc/" + other + "/stat": "", "/proc/" + other + "/statm": "", "/proc/" + other + "/io": "", "/proc/1/status": "",
		"/proc/self/environ": "refused", "/proc/" + other + "/environ": "refused", "/proc/" + other + "/cmdline": "refused", "/proc/self/cmdline": "refused",
		"/proc/self/maps": "refused", "/proc/self/mem": "refused", "/proc/self/fd/0": "refused", "/proc/self/fd": "refused", "/proc/self/root": "refused",
		"/proc/self/root/etc/passwd": "refused", "/proc/self/cwd/script_file_linux_test.go": "refused", "/proc/" + other + "/root/proc/self/status": "refused",
		"/proc/" + other + "/mountinfo": "refused", "/proc/" + other + "/net/tcp": "refused", "/proc/thread-self/environ": "refused",
		"/proc/self/task/" + own + "/environ": "refused", "/proc/self/task/" + own + "/status": "refused", "/proc/PROC/../self/environ": "refused",
		"/proc/self/../self/environ": "refused", "/proc//self//environ": "refused", "/proc/self/net/../environ": "refused", "/PROC/self/Environ": "refused",
		"/host/proc/1/environ": "refused", "/dev/fd/0": "refused", "/dev/stdin": "refused", "/proc/kcore": "refused", "/proc/kmsg": "refused",
	} {
		if _, err := g.File(path); verdictOf(err) != want && !os.IsPermission(err) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

// A grant and a declaration mean what root's own links mean, and those that the kernel makes in /sys; anybody else's
// are followed on the path alone.
func TestLinksOfRootAreFollowed(t *testing.T) {
	g := scriptGuard(t, grants(t, "\n  - {script: any, files: [/proc/mounts, /proc/self/*, '/sys/class/net/**', /var/run/*]}"), ScriptCheck{
		Needs: capability.Set{capability.Files: {"/proc/mounts", "/proc/net/dev", "/proc/*/mountinfo", "/sys/class/net/*/mtu", "/var/run/x"}},
	})
	for path, want := range map[string]string{
		"/proc/mounts": "", "/proc/self/mounts": "", "/proc/self/mountinfo": "", "/sys/class/net/lo/mtu": "", "/proc/net/dev": "refused", "/var/run/x": "",
		"/sys/class/net/lo/address": "undeclared", "/run/x": "",
	} {
		if strings.HasPrefix(path, "/run") && followTrusted("/var/run/x") == "/var/run/x" {
			continue // no such link here
		}
		if _, err := g.File(path); verdictOf(err) != want {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	f, err := os.Open("/sys/class/net/lo/mtu")
	if err != nil {
		t.Skipf("the kernel shows no mtu of lo here: %v", err)
	}
	defer f.Close()
	if err := g.Opened(f); err != nil {
		t.Error(err)
	}
	dir := t.TempDir()
	if err := os.Symlink("/etc", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if pattern := filepath.Join(dir, "link", "*"); followTrusted(pattern) != pattern {
		t.Errorf("%s: a link of anybody was followed", pattern)
	}
}

// What was opened counts, and not what was there when the guard was asked.
func TestScriptsCannotSwapFiles(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"a", "b", "secret"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, folder, "x"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "a", "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	g := scriptGuard(t, Grants{}, ScriptCheck{
		Needs: capability.Set{capability.Files: {dir + "/a/**", "/dev/zero", "/proc/**"}}, Own: true, Deny: []string{filepath.Join(dir, "secret")},
	})
	opened := func(path string, flags int) string {
		t.Helper()
		f, err := os.OpenFile(path, flags, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		return verdictOf(g.Opened(f))
	}
	path, err := g.File(filepath.Join(dir, "a", "x"))
	if err != nil || opened(path, os.O_RDONLY) != "" {
		t.Fatalf("%s, %v", path, err)
	}
	for to, want := range map[string]string{"b": "undeclared", "secret": "refused"} {
		if err := os.Rename(filepath.Join(dir, "a"), filepath.Join(dir, "was")); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(dir, to), filepath.Join(dir, "a")); err != nil {
			t.Fatal(err)
		}
		if got := opened(path, os.O_RDONLY); got != want {
			t.Errorf("swapped for %s: %q, want %q", to, got, want)
		}
		if err := os.Remove(filepath.Join(dir, "a")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "was"), filepath.Join(dir, "a")); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "a", "fifo"): "refused", "/dev/zero": "refused", "/proc/self/environ": "refused", "/proc/self/status": "",
		fmt.Sprintf("/proc/%d/cmdline", os.Getppid()): "refused",
	} {
		if got := opened(path, os.O_RDONLY|syscall.O_NONBLOCK); got != want {
			t.Errorf("opened %s: %q, want %q", path, got, want)
		}
	}
}

// What a grant denies is denied by the path that the owner wrote as well, wherever a link in it leads.
func TestDeniedPathsAreDeniedBeforeLinks(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"data/b", "home"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../data/b", filepath.Join(dir, "home/b")); err != nil {
		t.Fatal(err)
	}
	g := scriptGuard(t, grants(t, fmt.Sprintf("\n  - {script: any, files: ['%[1]s/**']}\n  - {script: any, files: ['%[1]s/home/**'], unix: '%[1]s/home/b/s', deny: true}", dir)), ScriptCheck{
		Needs: capability.Set{capability.Files: {dir + "/**"}, capability.Unix: {dir + "/data/b/s"}}, Own: true,
	})
	for path, want := range map[string]string{
		"data/b": "", "data/b/x": "", "home": "refused", "home/b": "refused", "home/b/x": "refused", "data/../home/b/x": "refused", "HOME/b": "refused",
	} {
		if _, err := g.File(dir + "/" + path); verdictOf(err) != want {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	if err := g.Unix(dir + "/data/b/s"); err != nil {
		t.Errorf("a socket: %v", err)
	}
	if err := g.Unix(dir + "/home/b/s"); verdictOf(err) != "refused" {
		t.Errorf("a denied socket: %v", err)
	}
}
