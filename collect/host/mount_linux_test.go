package host

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func tableOf(t *testing.T, opt Options, point string) []mount {
	t.Helper()
	mounts, err := readMounts(t.Context(), tree{proc: opt.Proc, sys: opt.Sys}, point)
	if err != nil {
		t.Fatal(err)
	}
	return mounts
}

func TestListedMounts(t *testing.T) {
	got := strings.Join(points(listed(tableOf(t, captured("server", "first"), ""))), "|")
	// Not: pseudo ones, the snap image, the container's overlay, what a tmpfs hides, the folder of /data that is
	// mounted a second time, the second subvolume of a pool, an automount that nobody used.
	want := "/|/boot|/data|/home|/srv/archive|/mnt/pool|/tank/my files|/mnt/nfs|/mnt/cifs|/mnt/sshfs|/mnt/usb|/mnt/auto"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := strings.Join(points(listed(tableOf(t, captured("vm", "first"), ""))), "|"); got != "/" {
		t.Errorf("vm: %s", got)
	}
}

func TestMountedAt(t *testing.T) {
	for point, want := range map[string]string{
		"/":                                   "ext4 /dev/root rw,relatime,errors=remount-ro",
		"/tank/my files":                      "zfs tank/my files rw,xattr,posixacl",
		"/srv/archive":                        "ext4 /dev/sdb1 ro,relatime,errors=remount-ro",
		"/home":                               "ext4 /dev/mapper/vg-home ro,nosuid,relatime",
		"/var/lib/postgres":                   "xfs /dev/nvme0n1p2 rw,relatime,attr2,inode64",
		"/snap/core/1":                        "squashfs /dev/loop0 ro,nodev,relatime,errors=continue",
		"/mnt/auto":                           "nfs nas.example.com:/export/auto rw,relatime,vers=3",
		"/mnt/idle":                           "autofs systemd-1 rw,relatime,fd=41,pgrp=1,timeout=0",
		"/mnt/hidden":                         "tmpfs tmpfs rw,relatime",
		"/run":                                "tmpfs tmpfs rw,nosuid,nodev,size=1631644k,mode=755",
		"/var/lib/docker/overlay2/abc/merged": "overlay overlay rw,relatime,lowerdir=/a:/b,upperdir=/c,workdir=/d",
	} {
		m, ok := mountedAt(tableOf(t, captured("server", "first"), point), point)
		if got := m.kind + " " + m.device + " " + m.options; !ok || got != want {
			t.Errorf("%s: %v %s", point, ok, got)
		}
	}
	if m, ok := mountedAt(tableOf(t, captured("server", "first"), "/nowhere"), "/nowhere"); ok {
		t.Errorf("%+v", m)
	}
}

func TestMayHang(t *testing.T) {
	want := map[string]bool{"/mnt/nfs": true, "/mnt/cifs": true, "/mnt/sshfs": true, "/mnt/usb": true, "/mnt/auto": true}
	for _, m := range tableOf(t, captured("server", "first"), "") {
		if m.mayHang() != want[m.point] {
			t.Errorf("%s (%s): %v", m.point, m.kind, m.mayHang())
		}
	}
	if m, _ := mountedAt(tableOf(t, captured("server", "first"), "/mnt/idle"), "/mnt/idle"); !m.mayHang() {
		t.Error("an automount that nobody used")
	}
}

// The kernel names the device of the root file system by its number where the boot loader did not.
func TestRootDevice(t *testing.T) {
	opt := captured("server", "first")
	opt.Sys = t.TempDir()
	if err := os.MkdirAll(filepath.Join(opt.Sys, "dev/block"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../../devices/pci0000/ata1/block/sda/sda2", filepath.Join(opt.Sys, "dev/block/8:2")); err != nil {
		t.Fatal(err)
	}
	if m, _ := mountedAt(tableOf(t, opt, "/"), "/"); m.device != "/dev/sda2" {
		t.Errorf("%s", m.device)
	}
}

// What this host's own table says of / is what the kernel says in its other one.
func TestMountsOfThisHost(t *testing.T) {
	live := Options{Proc: "/proc", Sys: "/sys"}
	m, ok := mountedAt(tableOf(t, live, "/"), "/")
	if !ok {
		t.Fatal("/ is not mounted")
	}
	for line := range strings.Lines(read(t, "/proc/self/mounts")) {
		f := strings.Fields(line)
		if f[1] == "/" && f[2] == m.kind {
			for option := range strings.SplitSeq(f[3], ",") {
				if !strings.Contains(","+m.options+",", ","+option+",") {
					t.Errorf("%s is not in %s", option, m.options)
				}
			}
			if len(f[3]) != len(m.options) {
				t.Errorf("got %s, /proc/self/mounts has %s", m.options, f[3])
			}
		}
	}
}

func TestFilesystemState(t *testing.T) {
	r := see(t, typed(t, captured("server", "first"), "agent.filesystem_state").Checker, request("", nil))
	expect(t, r, "", `total_ro 2
		total_rw 10
		devices_ro /dev/mapper/vg-home,/dev/sdb1
		devices_rw /dev/root,/dev/nvme0n1p1,/dev/nvme0n1p2,/dev/sdd,tank/my files,nas.example.com:/export/home,//nas.example.com/share,admin@web.example.com:/,/dev/sdc1,nas.example.com:/export/auto`)
	r = see(t, typed(t, captured("vm", "first"), "agent.filesystem_state").Checker, request("", nil))
	expect(t, r, "", "total_ro 0\ntotal_rw 1\ndevices_ro \ndevices_rw /dev/vda")
}

func TestMountsRefuseWhatIsNoTable(t *testing.T) {
	for _, text := range []string{"\n", "a line\n", "1 2 3:4 / /x rw shared:1 ext4 /dev/sda rw\n", "1 2 3:4 / /x rw - ext4\n"} {
		opt := changed(t, "vm", "first", "self/mountinfo", text)
		if mounts, err := readMounts(t.Context(), tree{proc: opt.Proc}, ""); err == nil {
			t.Errorf("%q: %+v", text, mounts)
		}
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "/a": "/a", `/a\040b`: "/a b", `\134\134`: `\\`, `\011\012`: "\t\n", `\04`: `\04`, `\`: `\`, `\999`: `\999`, `\400`: `\400`, `\303\251`: "é",
	} {
		if got := string(unescape([]byte(in))); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func FuzzMountTable(f *testing.F) {
	for _, host := range []string{"vm", "server"} {
		data, err := os.ReadFile(captured(host, "first").Proc + "/self/mountinfo")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("1 2 99999999999999999999:x / / - - ext4 \\ ro,,rw,\n"))
	f.Add([]byte("1 2 0:1 / / rw - " + strings.Repeat("x", 5000) + "\n1 2 0:1 / / rw - a b c"))
	dir := f.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "self"), 0o700); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		write(t, filepath.Join(dir, "self", "mountinfo"), string(data))
		mounts, err := readMounts(t.Context(), tree{proc: dir}, "/x")
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, m := range listed(mounts) {
			if seen[m.point] || m.class < local || m.device == "" {
				t.Fatalf("%+v", m)
			}
			seen[m.point] = true
			if !strings.HasPrefix(m.options, map[bool]string{true: "ro", false: "rw"}[m.readOnly]) {
				t.Fatalf("%+v", m)
			}
		}
	})
}
