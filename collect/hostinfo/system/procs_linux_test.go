package system

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/collect/hostinfo/redact"
	"virgo/collect/hostinfo/source"
	"virgo/collect/hostinfo/sourcetest"
)

func TestProcsOfThisHost(t *testing.T) {
	cmd := exec.Command("sh", "-c", "echo; read x; : --token "+sourcetest.Secret)
	sourcetest.Start(t, cmd)
	all := sourcetest.Read[[]processInfo](t, &source.Host{}, procsType())
	find := func(pid int) processInfo {
		i := slices.IndexFunc(all, func(p processInfo) bool { return int(p.PID) == pid })
		if i < 0 {
			t.Fatalf("process %d is missing", pid)
		}
		return all[i]
	}
	self := find(os.Getpid())
	if self.StateName == "" || self.Resident == 0 || self.Share == 0 || self.Size < self.Resident ||
		self.Threads < 2 || self.Priority == 0 || self.ExeRoot != "/" || self.CredUser != userName(t) || self.PPID != int32(os.Getppid()) ||
		!strings.Contains(self.Command, ".test") {
		t.Errorf("%+v", self)
	}
	if started := time.UnixMilli(self.StartTime); time.Since(started) < 0 || time.Since(started) > time.Hour {
		t.Errorf("it started %v", started)
	}
	if child := find(cmd.Process.Pid); child.Command != "sh -c …" ||
		child.PPID != self.PID || child.State == "" {
		t.Errorf("%+v", child)
	}
}

func userName(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("id", "-un").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// gopsutil completes a name of 15 bytes from argument 0, which may have more in it.
func TestProcessTitleWithASecret(t *testing.T) {
	program := filepath.Join(t.TempDir(), "a-program-with-a-long-name")
	sleep, err := os.ReadFile("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, sleep, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-c", "echo; read x")
	cmd.Args[0] = "a-program-with-a-long-name --password=" + sourcetest.Secret
	sourcetest.Start(t, cmd)
	all, err := readProcs(t.Context(), &source.Host{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all.([]processInfo) {
		if int(p.PID) == cmd.Process.Pid {
			if strings.Contains(p.StateName, sourcetest.Secret) || !strings.HasPrefix(p.StateName, "a-program") {
				t.Errorf("%q", p.StateName)
			}
			return
		}
	}
	t.Error("the process is not there")
}

func TestCommandLineIsBounded(t *testing.T) {
	for _, show := range []redact.Arguments{{}, {Full: true}} {
		text := commandLine(show, append([]string{"app"}, slices.Repeat([]string{"--long-option-name", strings.Repeat("x", 100)}, 1<<12)...))
		if len(text) > maxCommandBytes+len("…") || !strings.HasPrefix(text, "app --long-option-name ") {
			t.Errorf("%d bytes: %.100s", len(text), text)
		}
	}
	if text := commandLine(redact.Arguments{}, []string{"app", strings.Repeat("x", 1<<20), "--password", sourcetest.Secret}); text != "app …" {
		t.Errorf("%.100s", text)
	}
}

func TestParseShared(t *testing.T) {
	for text, want := range map[string]uint64{"1000 300 100 1 0 1 0\n": 100 * 4096, "1 0 1": 0, "1 2": 0, "": 0} {
		if got := parseShared([]byte(text), 300*4096); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

// The name of a process may have brackets in it.
func TestAddLinux(t *testing.T) {
	h := sourcetest.Tree(t, map[string]string{
		"proc/7/stat":  "7 (a) R 1 2) S 1 7 7 0 -1 4194560 1 0 0 0 1 2 0 0 39 19 1 0 100 1 1\n",
		"proc/7/statm": "1000 300 100 1 0 1 0\n",
		"proc/8/stat":  "8 (a) S 1",
	}, nil)
	i := processInfo{PID: 7, Resident: 300 * 4096}
	if i.addLinux(h); i.Priority != 39 || i.Nice != 19 || i.Share != 100*4096 {
		t.Errorf("%+v", i)
	}
	i = processInfo{PID: 8, Nice: 5}
	if i.addLinux(h); i.Priority != 0 || i.Nice != 5 || i.Share != 0 {
		t.Errorf("of a line that is cut off: %+v", i)
	}
}

func FuzzShared(f *testing.F) {
	f.Add([]byte("1000 300 100 1 0 1 0\n"), uint64(4096))
	f.Fuzz(func(t *testing.T, b []byte, resident uint64) { parseShared(b, resident) })
}

// A program that is removed while it runs is reported.
func TestDeletedLibsOfThisHost(t *testing.T) {
	program := filepath.Join(t.TempDir(), "sh")
	shell, err := filepath.EvalSymlinks("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(shell)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, b, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-c", "echo; read x")
	sourcetest.Start(t, cmd)
	if err := os.Remove(program); err != nil {
		t.Fatal(err)
	}
	want := deletedLib{"sh", cmd.Process.Pid, program}
	if all := sourcetest.Read[[]deletedLib](t, &source.Host{}, deletedLibsType()); !slices.Contains(all, want) {
		b, _ := json.Marshal(all)
		t.Errorf("%+v is not in %s", want, b)
	}
}

func FuzzDeleted(f *testing.F) {
	sourcetest.Seeds(f, "machine/*/proc/4242/maps")
	f.Add([]byte("0-1 r-xp 0 0:0 0 /usr/lib/x.so;5f3a0c1d (deleted)\n0-1 r-xp 0 0:0 0 (deleted) /\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, name := range parseDeleted(b) {
			if !strings.HasPrefix(name, "/") {
				t.Errorf("%q is no path", name)
			}
		}
	})
}

// Only mapped code counts, and the names that rpm and shared memory have are no libraries.
func TestParseDeleted(t *testing.T) {
	got := parseDeleted([]byte(`0-1 r-xp 0 0:0 7 /usr/lib/a.so (deleted)
1-2 r--p 0 0:0 7 /usr/lib/data.so (deleted)
2-3 r-xp 0 0:0 7 /usr/lib/b.so;5f3a0c1d (deleted)
3-4 r-xp 0 0:0 7 /usr/lib/a.so (deleted)
4-5 r-xp 0 0:0 7 /memfd:jit (deleted)
5-6 r-xp 0 0:0 7 /usr/lib/here.so
`))
	if want := []string{"/usr/lib/a.so", "/usr/lib/b.so"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
