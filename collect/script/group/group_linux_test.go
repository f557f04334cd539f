package group

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"virgo/collect/collecttest"
)

const (
	// inUnit is set for this test binary when it runs as what systemd started in the unit, in a group of that name below the
	// mount of the control groups; role is what it does if it is a script process.
	inUnit = "GROUP_TEST_UNIT"
	role   = "GROUP_TEST_ROLE"
)

func TestMain(m *testing.M) {
	if does := os.Getenv(role); does != "" {
		os.Exit(roles[does]())
	}
	os.Exit(m.Run())
}

// roles are what script processes do.
var roles = map[string]func() int{
	// "leaves" says its group and whether it can leave it, and starts a program that leaves its session.
	"leaves": func() int {
		own := readFile(ownFile)
		for _, to := range []string{agentGroup, scriptsPrefix + "1"} {
			if write(os.Getenv(inUnit)+to+"/cgroup.procs", "0") {
				fmt.Println("it could go to", to)
			}
		}
		cmd := exec.Command("/bin/sleep", "1000")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if err := cmd.Start(); err != nil {
			fmt.Println(err)
		}
		fmt.Printf("%d %s", cmd.Process.Pid, unitLine(own))
		return 0
	},
	"grows": func() int {
		var kept [][]byte
		for range 1 << 12 {
			kept = append(kept, bytes.Repeat([]byte{1}, 1<<20))
		}
		return len(kept)
	},
}

// unitLine returns the line of version 2.
func unitLine(file string) string {
	_, line, _ := strings.Cut("\n"+file, "\n0::")
	return strings.TrimSuffix(line, "\n")
}

// testKernel returns where the groups of version 2 are. Without memory and pids among the controllers that groups below the
// root have, the groups are made and left as ever, and limit nothing.
func testKernel(mount string) kernel {
	k := kernel{mount, divide, undivide, limit}
	if on := " " + strings.TrimSpace(readFile(mount+"/cgroup.subtree_control")) + " "; !strings.Contains(on, " memory ") || !strings.Contains(on, " pids ") {
		k.divide, k.undivide, k.limit = "", "", func(string) bool { return true }
	}
	return k
}

// newUnit makes the group of the unit as systemd does, and returns the mount and its folder.
func newUnit(t *testing.T, name string, mark bool) (mount, unit string) {
	t.Helper()
	collecttest.Thorough(t, "control groups of a test")
	for line := range strings.Lines(readFile("/proc/self/mountinfo")) {
		if before, after, ok := strings.Cut(line, " - "); ok && strings.HasPrefix(after, "cgroup2 ") {
			mount = strings.Fields(before)[4]
		}
	}
	if mount == "" || os.Geteuid() != 0 {
		t.Skip("needs root and the control groups of version 2")
	}
	base := fmt.Sprintf("%s/virgo-group-test-%d", mount, os.Getpid())
	unit = base + "/" + name
	if err := os.MkdirAll(unit, 0o755); err != nil {
		t.Skipf("needs control groups of version 2 that can be written: %v", err)
	}
	t.Cleanup(func() { removeGroups(t, base) })
	if k := testKernel(mount); k.divide != "" && !write(base+"/cgroup.subtree_control", k.divide) {
		t.Fatal("no memory controller for the unit")
	}
	if mark {
		if err := syscall.Setxattr(unit, "user.delegate", []byte("1"), 0); err != nil {
			t.Skipf("marking a group: %v", err)
		}
	}
	return mount, unit
}

// removeGroups ends what is in a group and removes it, with those below it.
func removeGroups(t *testing.T, base string) {
	t.Helper()
	write(base+"/cgroup.kill", "1")
	for range 10_000 { // processes that were killed still end
		var folders []string
		err := filepath.WalkDir(base, func(path string, d os.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				folders = append(folders, path)
			}
			return nil
		})
		for i := len(folders) - 1; i >= 0; i-- {
			os.Remove(folders[i])
		}
		if _, err2 := os.Stat(base); err != nil || os.IsNotExist(err2) {
			return
		}
	}
	t.Errorf("%s is left", base)
}

// runIn runs a test of this binary in the unit, as systemd starts a run.
func runIn(t *testing.T, name, mount, unit string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.Open(unit)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^"+name+"$", "-test.v")
	cmd.Env = append(os.Environ(), inUnit+"="+unit, "GROUP_TEST_MOUNT="+mount, "GORACE=atexit_sleep_ms=0")
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(dir.Fd())}
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil || !strings.Contains(string(out), "--- PASS: "+name) {
		t.Errorf("in the unit: %v", err)
	}
}

func TestScriptsHaveAGroup(t *testing.T) {
	if os.Getenv(inUnit) == "" {
		mount, unit := newUnit(t, "virgo.service", true)
		if testKernel(mount).divide == "" {
			t.Log("no memory controller here: that the limits hold is not tested")
		}
		// What a run that was killed left: an empty group, and one with a process.
		for _, left := range []string{"/scripts-1", "/scripts-2"} {
			if err := os.Mkdir(unit+left, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		startIn(t, unit+"/scripts-2")
		runIn(t, t.Name(), mount, unit)
		if text := readFile(unit + "/cgroup.subtree_control"); strings.TrimSpace(text) != "" {
			t.Errorf("the unit still has %q for the groups below", text)
		}
		startIn(t, unit) // as systemd does in the next run, with what was left
		return
	}
	unit := os.Getenv(inUnit)
	plugin := startIn(t, unit)
	g := &Groups{kernel: testKernel(os.Getenv("GROUP_TEST_MOUNT"))}
	first, second := g.Make(), g.Make()
	if first == nil || second == nil {
		t.Fatal("no group")
	}
	if first.path != unit+"/scripts-1" || second.path != unit+"/scripts-3" {
		t.Errorf("groups %s and %s", first.path, second.path)
	}
	if second.End() {
		t.Error("an empty group had too much memory")
	}
	below := strings.TrimPrefix(unit, g.kernel.root)
	for _, pid := range []int{os.Getpid(), plugin} {
		if own := unitLine(readFile(fmt.Sprintf("/proc/%d/cgroup", pid))); own != below+agentGroup {
			t.Errorf("a process of the run is in %s", own)
		}
	}
	out := start(t, first, "leaves")
	var left int
	var own string
	if n, err := fmt.Sscan(out, &left, &own); n != 2 || own != below+"/scripts-1" {
		t.Fatalf("a script process said %q, %v", out, err)
	}
	if first.End() {
		t.Error("a group had too much memory")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for syscall.Kill(left, 0) == nil && !zombie(left) { // killed, and not waited for
		if ctx.Err() != nil {
			t.Fatal("the program that left its session runs")
		}
	}
	if g.kernel.divide != "" {
		all := g.Make()
		start(t, all, "grows")
		if !all.End() {
			t.Error("a process that grew did not have too much memory")
		}
	}
	g.Close()
	g.Close()
	for _, path := range []string{first.path, second.path} {
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("%s is left: %v", path, err)
		}
	}
}

// start runs a script process in a group, as the user of scripts.
func start(t *testing.T, g *Group, does string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Path, cmd.Env = "/proc/self/exe", append(os.Environ(), role+"="+does)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	var out bytes.Buffer
	cmd.Stdout = &out
	g.Enter(cmd)
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String()
}

// startIn starts a process in a group until the end of the test, and returns its number.
func startIn(t *testing.T, group string) int {
	t.Helper()
	dir, err := os.Open(group)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	cmd := exec.CommandContext(t.Context(), "/bin/sleep", "1000")
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(dir.Fd())}
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting a process in %s: %v", group, err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd.Process.Pid
}

func zombie(pid int) bool {
	return strings.Contains(readFile(fmt.Sprintf("/proc/%d/status", pid)), "\nState:\tZ")
}

// Nothing is touched in a group that is not the agent's own, or that others can write to.
func TestNoGroup(t *testing.T) {
	if os.Getenv(inUnit) != "" {
		g := &Groups{kernel: testKernel(os.Getenv("GROUP_TEST_MOUNT"))}
		if made := g.Make(); made != nil {
			t.Errorf("a group %s", made.path)
		}
		g.Close()
		if _, err := os.Stat(os.Getenv(inUnit) + agentGroup); !os.IsNotExist(err) {
			t.Errorf("the group of the agent: %v", err)
		}
		return
	}
	for _, c := range []struct {
		why, name string
		mark      bool
		change    func(unit string) error
	}{
		{"a unit by an older virgo", "virgo.service", false, nil},
		{"another service's", "docker.service", true, nil},
		{"others can write to it", "virgo.service", true, func(unit string) error { return os.Chmod(unit, 0o775) }},
		{"it is another user's", "virgo.service", true, func(unit string) error { return os.Chown(unit, 65534, 65534) }},
		{"others can move processes", "virgo.service", true, func(unit string) error { return os.Chmod(unit+"/cgroup.procs", 0o666) }},
		{"others can turn controllers on", "virgo.service", true, func(unit string) error {
			return os.Chown(unit+"/cgroup.subtree_control", 65534, 0)
		}},
	} {
		t.Run(c.why, func(t *testing.T) {
			mount, unit := newUnit(t, c.name, c.mark)
			if c.change != nil {
				if err := c.change(unit); err != nil {
					t.Fatal(err)
				}
			}
			runIn(t, "TestNoGroup", mount, unit)
		})
	}
}
