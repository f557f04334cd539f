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

func TestDistinctMounts(t *testing.T) {
	got := strings.Join(points(tree{}.distinctMounts(tableOf(t, captured("server", "first"), ""))), "|")
	// Without pseudo ones, the snap image, the container's overlay, what a tmpfs hides, the folder
	// of /data that is mounted a second time, the second subvolume of a pool, an unused automount.
	want := "/|/boot|/data|/home|/srv/archive|/mnt/pool|/tank/my files|/mnt/nfs|/mnt/cifs|/mnt/sshfs|/mnt/usb|/mnt/auto"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := strings.Join(points(tree{}.distinctMounts(tableOf(t, captured("vm", "first"), ""))), "|"); got != "/" {
		t.Errorf("vm: %s", got)
	}
}

// mountsOf reads a mount table whose mount points are below root.
func mountsOf(t *testing.T, table, root, point string) (tree, []mount) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "self"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "self/mountinfo"), table)
	tr := tree{proc: dir, root: root}
	mounts, err := readMounts(t.Context(), tr, point)
	if err != nil {
		t.Fatal(err)
	}
	return tr, mounts
}

// Which mount stands for a file system that is mounted several times.
func TestMountThatStandsForItsFileSystem(t *testing.T) {
	root := t.TempDir()
	for _, folder := range []string{"etc", "volume", "srv/a", "srv/b", "mnt/nfs"} {
		if err := os.MkdirAll(filepath.Join(root, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"etc/hosts", "etc/hostname", "mnt/nfs/file"} {
		write(t, filepath.Join(root, file), "")
	}
	const container = "70 60 0:50 / / rw - overlay overlay rw\n"
	for name, c := range map[string]struct{ table, want string }{
		"files only": {container +
			"71 70 253:3 /c/hosts /etc/hosts rw - ext4 /dev/mapper/vg-a rw\n" +
			"72 70 253:3 /c/hostname /etc/hostname rw - ext4 /dev/mapper/vg-a rw\n", "/"},
		"files, then a volume": {container +
			"71 70 253:3 /c/hosts /etc/hosts rw - ext4 /dev/mapper/vg-a rw\n" +
			"72 70 253:3 /v /volume rw - ext4 /dev/mapper/vg-a rw\n" +
			"73 70 8:1 /b /srv/b rw - ext4 /dev/sda1 rw\n", "/ /volume /srv/b"},
		"a volume, then files": {container +
			"71 70 253:3 /v /volume rw - ext4 /dev/mapper/vg-a rw\n" +
			"72 70 253:3 /c/hosts /etc/hosts rw - ext4 /dev/mapper/vg-a rw\n", "/ /volume"},
		"two volumes":             {container + "71 70 8:1 /b /srv/b rw - ext4 /dev/sda1 rw\n72 70 8:1 /a /srv/a rw - ext4 /dev/sda1 rw\n", "/ /srv/b"},
		"a volume, then all":      {container + "71 70 8:1 /b /srv/b rw - ext4 /dev/sda1 rw\n72 70 8:1 / /srv/a rw - ext4 /dev/sda1 rw\n", "/ /srv/a"},
		"a root that is a folder": {"29 1 0:40 /@ / rw - btrfs /dev/sda2 rw\n30 29 0:40 / /srv/a rw - btrfs /dev/sda2 rw\n", "/"},
		"the root listed later":   {"30 29 0:40 / /srv/a rw - btrfs /dev/sda2 rw\n29 1 0:40 /@ / rw - btrfs /dev/sda2 rw\n", "/"},
		// What may hang is not asked whether it is a file.
		"a file on a server": {container + "71 70 0:60 / /mnt/nfs rw - nfs4 nas:/a rw\n" +
			"72 71 8:1 /f /mnt/nfs/file rw - ext4 /dev/sda1 rw\n", "/ /mnt/nfs /mnt/nfs/file"},
		"a mount point that is gone": {container + "71 70 8:1 /g /gone rw - ext4 /dev/sda1 rw\n", "/ /gone"},
	} {
		tr, mounts := mountsOf(t, c.table, root, "")
		if got := strings.Join(points(tr.distinctMounts(mounts)), " "); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// A mount that another one covers is not at its path: its name would show the other's figures.
func TestMountsThatOthersCover(t *testing.T) {
	const root = "29 1 8:2 / / rw - ext4 /dev/sda2 rw\n"
	for name, c := range map[string]struct{ table, want string }{
		"on top":               {root + "30 29 8:3 / /d rw - ext4 /dev/sda3 rw\n31 30 8:4 / /d rw - xfs /dev/sda4 rw\n", "/ ext4, /d xfs"},
		"on top, listed first": {root + "31 30 8:4 / /d rw - xfs /dev/sda4 rw\n30 29 8:3 / /d rw - ext4 /dev/sda3 rw\n", "/ ext4, /d xfs"},
		"a folder above":       {root + "30 29 8:3 / /d/e rw - ext4 /dev/sda3 rw\n31 29 8:4 / /d rw - xfs /dev/sda4 rw\n", "/ ext4, /d xfs"},
		"moved above":          {root + "31 29 8:4 / /d rw - xfs /dev/sda4 rw\n30 29 8:3 / /d/e rw - ext4 /dev/sda3 rw\n", "/ ext4, /d xfs"},
		"in it":                {root + "31 29 8:4 / /d rw - xfs /dev/sda4 rw\n30 31 8:3 / /d/e rw - ext4 /dev/sda3 rw\n", "/ ext4, /d xfs, /d/e ext4"},
		"a tmpfs above":        {root + "30 29 8:3 / /d/e rw - ext4 /dev/sda3 rw\n31 29 0:9 / /d rw - tmpfs tmpfs rw\n", "/ ext4"},
		"in a covered one":     {root + "30 29 8:3 / /d rw - ext4 /dev/sda3 rw\n32 30 8:5 / /d/e rw - ext4 /dev/sda5 rw\n31 30 8:4 / /d rw - xfs /dev/sda4 rw\n", "/ ext4, /d xfs"},
		"a similar name":       {root + "30 29 8:3 / /de rw - ext4 /dev/sda3 rw\n31 29 8:4 / /d rw - xfs /dev/sda4 rw\n", "/ ext4, /de ext4, /d xfs"},
		"the initial root":     {"1 1 0:1 / / rw - rootfs rootfs rw\n20 1 8:2 / / rw - ext4 /dev/sda2 rw\n21 20 8:3 / /d rw - xfs /dev/sda3 rw\n", "/ ext4, /d xfs"},
		"a new root on top":    {root + "30 29 8:3 / /d rw - ext4 /dev/sda3 rw\n40 29 8:9 / / rw - xfs /dev/sdb1 rw\n", "/ xfs"},
		"a cycle":              {"20 21 8:2 / /d rw - ext4 /dev/sda2 rw\n21 20 8:3 / /d rw - xfs /dev/sda3 rw\n", ""},
	} {
		_, mounts := mountsOf(t, c.table, "", "")
		var got []string
		for _, m := range mounts {
			got = append(got, m.point+" "+m.kind)
		}
		if got := strings.Join(got, ", "); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// An empty source, blanks in options and a line that is too long cost none of the others.
func TestOddMounts(t *testing.T) {
	_, mounts := mountsOf(t, "20 1 8:2 / / rw - ext4 /dev/sda2 rw\n"+
		"21 20 0:7 / /a\\040b rw,noatime shared:3 master:1 - fuse.x  ro,a b\n"+
		"22 20 0:8 /"+strings.Repeat("x", 5000)+" /c rw - ext4 /dev/sdb rw\n23 20 8:3 / /d rw - xfs /dev/sda3 rw\n", "", "")
	var got []string
	for _, m := range mounts {
		got = append(got, m.point+" "+m.kind+" "+m.device+" "+m.options)
	}
	if want := "/ ext4 /dev/sda2 rw|/a b fuse.x  ro,noatime,a|/d xfs /dev/sda3 rw"; strings.Join(got, "|") != want {
		t.Errorf("%q", got)
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
		t.Error("an unused automount is not one that may hang")
	}
}

// The root file system's device is /dev/root where the boot loader gave its number.
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

// The options of / in this host's mountinfo are those of /proc/self/mounts.
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
	r := mustRun(t, typeNamed(t, captured("server", "first"), "agent.filesystem_state").Checker, request("", nil))
	expect(t, r, "", `total_ro 2
		total_rw 10
		devices_ro /dev/mapper/vg-home,/dev/sdb1
		devices_rw /dev/root,/dev/nvme0n1p1,/dev/nvme0n1p2,/dev/sdd,tank/my files,nas.example.com:/export/home,//nas.example.com/share,admin@web.example.com:/,/dev/sdc1,nas.example.com:/export/auto`)
	r = mustRun(t, typeNamed(t, captured("vm", "first"), "agent.filesystem_state").Checker, request("", nil))
	expect(t, r, "", "total_ro 0\ntotal_rw 1\ndevices_ro \ndevices_rw /dev/vda")
}

func TestMountsOfInvalidMountinfo(t *testing.T) {
	for _, text := range []string{"\n", "a line\n", "1 2 3:4 / /x rw shared:1 ext4 /dev/sda rw\n", "1 2 3:4 / /x rw - ext4\n"} {
		opt := changed(t, "vm", "first", "self/mountinfo", text)
		if mounts, err := readMounts(t.Context(), tree{proc: opt.Proc}, ""); err == nil {
			t.Errorf("%q: %+v", text, mounts)
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
		for _, m := range (tree{}).distinctMounts(mounts) {
			if seen[m.point] || m.class < local {
				t.Fatalf("%+v", m)
			}
			seen[m.point] = true
			if !strings.HasPrefix(m.options, map[bool]string{true: "ro", false: "rw"}[m.readOnly]) {
				t.Fatalf("%+v", m)
			}
		}
	})
}
