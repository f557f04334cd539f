package hostinfo

import (
	"context"
	"encoding/binary"
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

	"github.com/shirou/gopsutil/v3/cpu"
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

func TestProcessors(t *testing.T) {
	got := processors(
		[]cpu.TimesStat{{CPU: "cpu0", User: 1.5, System: 2, Idle: 10, Nice: 0.25, Iowait: 1, Irq: 0.5, Softirq: 0.5, Steal: 0.25, Guest: 1}, {CPU: "cpu1"}},
		[]cpu.InfoStat{{VendorID: "GenuineIntel", ModelName: "Intel(R)  Xeon", Mhz: 2400.4, PhysicalID: "0"}},
	)
	want := processor{Name: "cpu.0", Vendor: "GenuineIntel", Model: "Intel(R) Xeon", MHz: 2400, TotalCores: 2, TotalSockets: 1,
		User: 1500, Sys: 2000, Nice: 250, Idle: 10000, Wait: 1000, IRQ: 500, SoftIRQ: 500, Stolen: 250, Total: 16000}
	if len(got) != 2 || got[0] != want || got[1].Model != "Intel(R) Xeon" {
		t.Errorf("%+v", got)
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

func TestInterfaceAddresses(t *testing.T) {
	_, four, _ := net.ParseCIDR("192.0.2.0/25")
	four.IP = net.ParseIP("192.0.2.2")
	_, six, _ := net.ParseCIDR("fe80::/64")
	i := interfaceInfo{Addresses: []string{}}
	i.addresses([]net.Addr{six, four, &net.UnixAddr{}}, net.FlagBroadcast)
	if i.Address != "192.0.2.2" || i.Netmask != "255.255.255.128" || i.Broadcast != "192.0.2.127" || i.Address6 != "fe80::" || len(i.Addresses) != 2 {
		t.Errorf("%+v", i)
	}
	if f := sigarFlags(net.FlagUp | net.FlagBroadcast | net.FlagRunning | net.FlagMulticast); f != 2115 { // as the existing agent's eth0
		t.Error(f)
	}
}

func TestParseNetDev(t *testing.T) {
	b, err := os.ReadFile("testdata/machine/debian/proc/net/dev")
	if err != nil {
		t.Fatal(err)
	}
	all := parseNetDev(append(b, "  eth9:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\nshort: 1 2\n"...))
	want := traffic{RxBytes: 1, RxPackets: 2, RxErrors: 3, RxDropped: 4, RxOverruns: 5,
		TxBytes: 9, TxPackets: 10, TxErrors: 11, TxDropped: 12, TxOverruns: 13, TxCollisions: 14, TxCarrier: 15}
	if all["eth9"] != want || all["lo"].RxBytes == 0 || all["lo"].RxBytes != all["lo"].TxBytes || len(all) != 5 {
		t.Errorf("%+v", all)
	}
}

func TestProcsTellThisProcess(t *testing.T) {
	cmd := exec.Command("sh", "-c", "read x; : --token "+S)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer stdin.Close()
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
	if child := find(cmd.Process.Pid); child.Command != "sh -c read x; : --token [redacted]" || child.PPID != self.PID || child.State == "" {
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

func TestCommandLineIsBounded(t *testing.T) {
	text := commandLine([]string{"app", strings.Repeat("x", 1<<20), "--password", S})
	if len(text) > maxCommandBytes+len("…") || !strings.HasPrefix(text, "app xxx") {
		t.Errorf("%d bytes", len(text))
	}
	if text := commandLine(slices.Repeat([]string{"a"}, 1<<20)); len(text) > maxCommandBytes+len("…") {
		t.Errorf("%d bytes", len(text))
	}
}

func TestParseProcStat(t *testing.T) {
	if p, n := parsePriority([]byte("7 (a) R 1 2) S 1 7 7 0 -1 4194560 1 0 0 0 1 2 0 0 39 19 1 0 100 1 1\n"), 5); p != 39 || n != 19 {
		t.Error(p, n)
	}
	if p, n := parsePriority([]byte("7 (a) S 1"), 5); p != 0 || n != 5 {
		t.Error(p, n)
	}
	if s := parseShared([]byte("1000 300 100 1 0 1 0\n"), 300*4096); s != 100*4096 {
		t.Error(s)
	}
	if s := parseShared([]byte("1 0 1"), 5); s != 0 {
		t.Error(s)
	}
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

func TestParseOSRelease(t *testing.T) {
	for family, want := range map[string][4]string{
		"debian": {"debian", "12", "Debian GNU/Linux 12 (bookworm)", ""},
		"redhat": {"rhel", "9.4", "Red Hat Enterprise Linux 9.4 (Plow)", "fedora"},
	} {
		b, err := os.ReadFile("testdata/machine/" + family + "/etc/os-release")
		if err != nil {
			t.Fatal(err)
		}
		r := parseOSRelease(b)
		if got := [4]string{r["ID"], r["VERSION_ID"], r["PRETTY_NAME"], r["ID_LIKE"]}; got != want {
			t.Errorf("%s: %q", family, got)
		}
	}
	if r := parseOSRelease([]byte("A='b c'\nB=\"x \\\"y\\\" \\$z\"\n#C=1\nD")); r["A"] != "b c" || r["B"] != `x "y" $z` || len(r) != 2 {
		t.Errorf("%q", r)
	}
}

func TestZoneFromTheLink(t *testing.T) {
	h := &Host{Root: t.TempDir()}
	if err := os.Mkdir(filepath.Join(h.Root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	if z := h.zone(); z != "" {
		t.Error(z)
	}
	if err := os.Symlink("../usr/share/zoneinfo/Europe/Berlin", filepath.Join(h.Root, "etc/localtime")); err != nil {
		t.Fatal(err)
	}
	if z := h.zone(); z != "Europe/Berlin" {
		t.Error(z)
	}
}

// Records of ARM are 400 bytes long.
func TestParseUtmpOf64Bits(t *testing.T) {
	var b []byte
	for i, r := range []utmpRecord{{utmpBoot, "~", "reboot", "5.14.0-427.el9", time.Unix(1<<33, 7000)}, {utmpUser, "pts/0", "alice", "192.0.2.1", time.Unix(1<<33+60, 0)}} {
		one := make([]byte, 400)
		binary.NativeEndian.PutUint16(one, uint16(r.kind))
		binary.NativeEndian.PutUint32(one[4:], uint32(i+1))
		copy(one[8:], r.line)
		copy(one[44:], r.user)
		copy(one[76:], r.host)
		binary.NativeEndian.PutUint64(one[344:], uint64(r.time.Unix()))
		binary.NativeEndian.PutUint64(one[352:], uint64(r.time.Nanosecond()/1000))
		b = append(b, one...)
	}
	got := parseUtmp(append(b, "half of a record"...))
	if len(got) != 2 || got[0].host != "5.14.0-427.el9" || got[1].user != "alice" || got[1].line != "pts/0" || !got[0].time.Equal(time.Unix(1<<33, 7000)) {
		t.Errorf("%+v", got)
	}
	if got := parseUtmp([]byte(strings.Repeat("no records ", 100))); got != nil {
		t.Errorf("%+v", got)
	}
}

func TestWtmpThatIsNone(t *testing.T) {
	h := &Host{Root: t.TempDir()}
	if err := os.MkdirAll(filepath.Join(h.Root, "var/log"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(h.Root, "var/log/wtmp"), []byte(strings.Repeat("garbage ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if a := lastLoginsType().answer(t.Context(), h); a.Error == nil || *a.Error != "/var/log/wtmp holds no records of utmp(5)" {
		t.Errorf("%+v", a)
	}
}

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

func TestSSHDIncludesEndSomewhere(t *testing.T) {
	c := sshdConfig{global: make(sshdSettings)}
	c.include = func(string) ([][]byte, error) { return [][]byte{[]byte("Include again again\n")}, nil }
	c.parse([]byte("Include x\nPort 22\n"), 0)
	if err := c.wrong.err(); err == nil || c.files > maxSSHDFiles*3 {
		t.Errorf("%d files, %v", c.files, err)
	}
	if c.settings()["port"] != "22" {
		t.Errorf("%v", c.settings())
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
	defer cmd.Wait()
	defer stdin.Close()
	if _, err := out.Read(make([]byte, 1)); err != nil { // it runs
		t.Fatal(err)
	}
	if err := os.Remove(program); err != nil {
		t.Fatal(err)
	}
	want := deletedLib{"sh", cmd.Process.Pid, program}
	if all := here[[]deletedLib](t, deletedLibsType()); !slices.Contains(all, want) {
		b, _ := json.Marshal(all)
		t.Errorf("%+v is not in %s", want, b)
	}
}

func TestRedactOptions(t *testing.T) {
	for options, want := range map[string]string{
		"rw,password=" + S + ",uid=0":           "rw,password=[redacted],uid=0",
		"pass=" + S:                             "pass=[redacted]",
		"password=a,,b" + S + ",ro":             "password=[redacted],ro",
		"credentials=/root/.smb/x,_netdev":      "credentials=/root/.smb/x,_netdev",
		"defaults,x-systemd.device-timeout=10s": "defaults,x-systemd.device-timeout=10s",
		"secret=" + S + ",name=admin":           "secret=[redacted],name=admin",
		"secretfile=/etc/ceph/admin.secret":     "secretfile=/etc/ceph/admin.secret",
	} {
		if got := redactOptions(options); got != want {
			t.Errorf("%s\n got %s\nwant %s", options, got, want)
		}
	}
}
