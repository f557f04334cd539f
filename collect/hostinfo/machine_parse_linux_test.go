package hostinfo

import (
	"encoding/binary"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shirou/gopsutil/v3/cpu"
)

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

func TestSSHDIncludesEndSomewhere(t *testing.T) {
	c := sshdConfig{global: make(sshdSettings)}
	c.include = func(string) []string { return []string{"x"} }
	c.read = func(string) ([]byte, error) { return []byte("Include again again\n"), nil }
	c.parse([]byte("Include x\nPort 22\n"), 0)
	if err := c.wrong.err(); err == nil || c.files > maxSSHDFiles*3 {
		t.Errorf("%d files, %v", c.files, err)
	}
	if c.settings()["port"] != "22" {
		t.Errorf("%v", c.settings())
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
