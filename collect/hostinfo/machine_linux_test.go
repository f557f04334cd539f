package hostinfo

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// here gives a type's metrics of this host.

func here[T any](t *testing.T, typ Type) T {
	t.Helper()
	a := typ.answer(t.Context(), &Host{})
	if a.Error != nil {
		t.Fatal(*a.Error)
	}
	return a.Metrics.(T)
}

func TestCPUAgreesWithTheKernel(t *testing.T) {
	all := here[[]processor](t, cpuType())
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(b), "\ncpu"); len(all) != n || all[0].TotalCores != n {
		t.Errorf("%d processors, the kernel has %d: %+v", len(all), n, all)
	}
	if p := all[0]; p.Name != "cpu.0" || p.Model == "" || p.Total < p.Idle || p.Idle == 0 {
		t.Errorf("%+v", p)
	}
}

func TestMemoryAgreesWithTheKernel(t *testing.T) {
	m := here[memoryInfo](t, memoryType())
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		t.Fatal(err)
	}
	var kib uint64
	if _, err := fmt.Sscanf(string(b), "MemTotal: %d kB", &kib); err != nil || m.Total != kib<<10 {
		t.Errorf("%d, the kernel says %d KiB, %v", m.Total, kib, err)
	}
	if m.ActualFree+m.ActualUsed != m.Total || m.Used+m.Free != m.Total || m.FreePercent+m.UsedPercent < 99.9 || m.FreePercent+m.UsedPercent > 100.1 {
		t.Errorf("%+v", m)
	}
}

func TestFilesystemAgreesWithStatfs(t *testing.T) {
	var s syscall.Statfs_t
	if err := syscall.Statfs("/", &s); err != nil {
		t.Fatal(err)
	}
	for _, f := range here[[]filesystemInfo](t, filesystemType()) {
		if f.DirName != "/" {
			continue
		}
		const near = 256 << 10 // KiB that other tests may write meanwhile
		total, avail := s.Blocks*uint64(s.Bsize)/1024, s.Bavail*uint64(s.Bsize)/1024
		if f.Total != total || f.Avail > avail+near || f.Avail+near < avail || f.Free < f.Avail || f.Used+f.Free+1 < f.Total {
			t.Errorf("%+v, the kernel says %d KiB, %d available", f, total, avail)
		}
		return
	}
	t.Error("/ is not told")
}

// A file system that does not answer is an error and holds nobody up for long.

func TestFilesystemThatIsNotThere(t *testing.T) {
	if _, err := (&Host{Root: t.TempDir()}).usage(t.Context(), "/none"); err == nil || !strings.HasPrefix(err.Error(), "file system /none: ") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a := filesystemType().answer(ctx, &Host{})
	if a.Error == nil {
		t.Errorf("%+v", a)
	}
}

func TestNetworkAgreesWithTheKernel(t *testing.T) {
	all := here[[]interfaceInfo](t, networkType())
	i := slices.IndexFunc(all, func(i interfaceInfo) bool { return i.Name == "lo" })
	if i < 0 {
		t.Fatal("lo is not told")
	}
	lo := all[i]
	if lo.Type != "Local Loopback" || lo.Address != "127.0.0.1" || lo.Netmask != "255.0.0.0" || lo.Broadcast != "0.0.0.0" || lo.Flags&73 != 73 || lo.RxBytes == 0 {
		t.Errorf("%+v", lo)
	}
}

func TestProcsTellThisProcess(t *testing.T) {
	cmd := exec.Command("sh", "-c", "echo; read x; : --token "+S)
	waiting(t, cmd)
	all := here[[]processInfo](t, procsType())
	find := func(pid int) processInfo {
		i := slices.IndexFunc(all, func(p processInfo) bool { return int(p.PID) == pid })
		if i < 0 {
			t.Fatalf("process %d is not told", pid)
		}
		return all[i]
	}
	self := find(os.Getpid())
	if self.StateName == "" || self.Resident == 0 || self.Share == 0 || self.Size < self.Resident || self.Threads < 2 || self.Priority == 0 ||
		self.ExeRoot != "/" || self.CredUser != userName(t) || self.PPID != int32(os.Getppid()) || !strings.Contains(self.Command, ".test") {
		t.Errorf("%+v", self)
	}
	if started := time.UnixMilli(self.StartTime); time.Since(started) < 0 || time.Since(started) > time.Hour {
		t.Errorf("it started %v", started)
	}
	if child := find(cmd.Process.Pid); child.Command != "sh -c echo; read x; : --token [redacted]" || child.PPID != self.PID || child.State == "" {
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

func TestSystemOfThisHost(t *testing.T) {
	s := here[[]systemInfo](t, systemType())
	out, err := exec.Command("uname", "-s", "-r", "-m").Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%s %s %s\n", s[0].Name, s[0].Version, s[0].Arch); len(s) != 1 || got != string(out) {
		t.Errorf("%q, uname says %q", got, out)
	}
	if s[0].Vendor == "" || s[0].VendorName == "" || s[0].BootTime == 0 {
		t.Errorf("%+v", s)
	}
}

// Records of ARM are 400 bytes long.

func TestFileperms(t *testing.T) {
	h := &Host{Root: t.TempDir()}
	for _, d := range []string{"etc/cron.d", "tmp"} {
		if err := os.MkdirAll(filepath.Join(h.Root, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, mode := range map[string]os.FileMode{"etc/shadow": 0o640, "etc/crontab": 0o755 | os.ModeSetuid | os.ModeSetgid} {
		if err := os.WriteFile(filepath.Join(h.Root, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(h.Root, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(h.Root, "tmp"), 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	a := filepermsType().answer(t.Context(), h)
	if a.Error != nil {
		t.Fatal(*a.Error)
	}
	id := strconv.Itoa(os.Getuid())
	group := strconv.Itoa(os.Getgid())
	want := []filePermissions{
		{FileName: "/etc/shadow", OctalPerm: 416, Mode: "0640"},
		{FileName: "/etc/crontab", OctalPerm: 493, Mode: "6755", SetUID: true, SetGID: true},
		{FileName: "/etc/cron.d", OctalPerm: 493, Mode: "0755"},
		{FileName: "/tmp", OctalPerm: 511, Mode: "1777", StickyBit: true},
	}
	for i := range want {
		want[i].Owner, want[i].Group = id, group
	}
	if got := a.Metrics.([]filePermissions); !slices.Equal(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// The kernel's own tool agrees, save for what changes from one look to the next.

func TestSysctlAgreesWithTheFiles(t *testing.T) {
	all := here[kernelSettings](t, sysctlType())
	for key, file := range map[string]string{"kernel.ostype": "kernel/ostype", "vm.swappiness": "vm/swappiness", "kernel.hostname": "kernel/hostname"} {
		b, err := os.ReadFile("/proc/sys/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if all[key] != strings.TrimSpace(string(b)) {
			t.Errorf("%s: %q, the file says %q", key, all[key], b)
		}
	}
	for key := range all {
		if strings.HasSuffix(key, "fastopen_key") || strings.HasSuffix(key, "stable_secret") || key == "kernel.random.uuid" {
			t.Errorf("%s is told", key)
		}
	}
	if len(all) < 300 {
		t.Errorf("only %d settings", len(all))
	}
}

func TestConnectionsTellOne(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, got := range here[[]connection](t, connectionsType()) {
		if fmt.Sprintf("%s:%d", got.LocalAddress, got.LocalPort) == c.LocalAddr().String() {
			if got.State != "ESTABLISHED" || got.PID != os.Getpid() || got.Process == "" || got.ForeignPort != uint16(l.Addr().(*net.TCPAddr).Port) {
				t.Errorf("%+v", got)
			}
			return
		}
	}
	t.Error("the connection is not told")
}

// A program that is removed while it runs is told.

func TestDeletedLibsTellsOne(t *testing.T) {
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
	waiting(t, cmd)
	if err := os.Remove(program); err != nil {
		t.Fatal(err)
	}
	want := deletedLib{"sh", cmd.Process.Pid, program}
	if all := here[[]deletedLib](t, deletedLibsType()); !slices.Contains(all, want) {
		b, _ := json.Marshal(all)
		t.Errorf("%+v is not in %s", want, b)
	}
}

// waiting starts a program that says something and then waits for its input, which the test's end closes.
func waiting(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		_ = cmd.Wait() // a shell whose input ends says that read failed
	})
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
}
