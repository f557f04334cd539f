package filesystems

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"virgo/collect/hostinfo/redact"
	"virgo/collect/hostinfo/source"
	"virgo/collect/hostinfo/sourcetest"
)

func TestFilesystemAgreesWithStatfs(t *testing.T) {
	var s syscall.Statfs_t
	if err := syscall.Statfs("/", &s); err != nil {
		t.Fatal(err)
	}
	for _, f := range sourcetest.Read[[]filesystemInfo](t, &source.Host{}, filesystemType()) {
		if f.DirName != "/" {
			continue
		}
		const near = 256 << 10 // KiB that other tests may write meanwhile
		total, avail := s.Blocks*uint64(s.Bsize)/1024, s.Bavail*uint64(s.Bsize)/1024
		if f.Total != total || f.Avail > avail+near || f.Avail+near < avail || f.Free < f.Avail ||
			f.Used+f.Free+1 < f.Total {
			t.Errorf("%+v, the kernel says %d KiB, %d available", f, total, avail)
		}
		return
	}
	t.Error("/ is missing")
}

// A file system that does not answer is an error.
func TestMissingFilesystem(t *testing.T) {
	if _, err := readUsage(t.Context(), &source.Host{Root: t.TempDir()}, mounted{point: "/none"}); err == nil ||
		!strings.HasPrefix(err.Error(), "file system /none: ") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := filesystemType().Read(ctx, &source.Host{}); err == nil {
		t.Errorf("%+v", got)
	}
}

// A volume stands for the disk that it is on; a disk of which a container sees single files does not count.
func TestFilesystemStateOfAContainer(t *testing.T) {
	const (
		root  = "700 600 0:50 / / rw - overlay overlay rw\n"
		files = "702 700 253:3 /containers/abc/resolv.conf /etc/resolv.conf rw - ext4 /dev/mapper/vg-volume rw\n" +
			"703 700 253:3 /containers/abc/hosts /etc/hosts ro - ext4 /dev/mapper/vg-volume rw\n"
		volume = "705 700 253:3 /volumes/data /data rw - ext4 /dev/mapper/vg-volume rw\n"
	)
	for mountinfo, want := range map[string]filesystemState{
		root + files:          {0, 1, "", "overlay"},
		root + files + volume: {0, 2, "", "overlay,/dev/mapper/vg-volume"},
		// One that cannot be asked counts.
		root + "702 700 8:1 /gone /gone ro - ext4 /dev/sda1 rw\n": {1, 1, "/dev/sda1", "overlay"},
	} {
		h := sourcetest.Tree(t, map[string]string{
			"proc/self/mountinfo": mountinfo, "etc/resolv.conf": "", "etc/hosts": "", "data/file": "",
		}, nil)
		if got := sourcetest.Read[filesystemState](t, h, filesystemStateType()); got != want {
			t.Errorf("%s%+v, want %+v", mountinfo, got, want)
		}
	}
}

// A kernel that mounts its root without an initial file system, as captured on Debian 12.
func TestFilesystemStateNamesTheRootDevice(t *testing.T) {
	h := sourcetest.Tree(t, map[string]string{
		"proc/self/mounts":    "/dev/root / ext4 rw,relatime,errors=remount-ro 0 0\nproc /proc proc rw 0 0\n",
		"proc/self/mountinfo": "22 1 259:0 / / rw,relatime shared:1 - ext4 /dev/root rw,errors=remount-ro\n23 22 0:20 / /proc rw - proc proc rw\n",
	}, nil)
	if err := os.MkdirAll(filepath.Join(h.Root, "sys/dev/block"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"/dev/root", "/dev/nvme0n1"} {
		got, err := filesystemStateType().Read(t.Context(), h)
		if state, ok := got.(filesystemState); err != nil || !ok || state.DevicesRW != want || state.TotalRW != 1 {
			t.Errorf("%+v, %v; want %s", got, err, want)
		}
		if want == "/dev/root" {
			link := filepath.Join(h.Root, "sys/dev/block/259:0")
			if err := os.Symlink("../../devices/pci0000:00/0000:00:01.0/nvme/nvme0/nvme0n1", link); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Of options names are shown, and of a device what is no credential.
func TestShowOptions(t *testing.T) {
	for options, want := range map[string]string{
		"rw,password=" + sourcetest.Secret + ",uid=0": "rw,password=…,uid=…",
		"password=a,,hunter,ro":                       "password=…,…,ro",
		"credentials=/root/.smb/x,_netdev":            "credentials=…,_netdev",
		"defaults,x-systemd.device-timeout=10s":       "defaults,x-systemd.device-timeout=…",
	} {
		if got := showOptions(redact.Arguments{}, options); got != want {
			t.Errorf("%s\n got %s\nwant %s", options, got, want)
		}
		if got := showOptions(redact.Arguments{Full: true}, options); got != options {
			t.Errorf("%s in full: %s", options, got)
		}
	}
	for device, want := range map[string]string{
		"UUID=6f3a1c5e-1a2b-4000-8000-0123456789ab": "UUID=6f3a1c5e-1a2b-4000-8000-0123456789ab",
		"/dev/mapper/vg0-root2fa8b7c6d5e4":          "/dev/mapper/vg0-root2fa8b7c6d5e4",
		"server:/export/home":                       "server:/export/home",
		"//server/share":                            "//server/share",
		"//bob:hunter@server/share":                 redact.Mark,
		"https://bob:hunter@dav.example.org/x":      "https://" + redact.Mark + "@dav.example.org/…",
		"tmpfs":                                     "tmpfs",
	} {
		if got := showDevice(device); got != want {
			t.Errorf("%s: %s, want %s", device, got, want)
		}
	}
}

func FuzzFstab(f *testing.F) {
	sourcetest.Seeds(f, "machine/*/etc/fstab", "machine/*/proc/self/mounts")
	f.Add([]byte(`a\ b \040\777\0 x password=a,,b,,,c 1 9999999999999999999999`))
	f.Fuzz(func(t *testing.T, b []byte) {
		sourcetest.CheckJSON(t, b, parseFstab(b, redact.Arguments{}))
	})
}

// Of two file systems on one mount point the visible one is reported, of one below another's mount
// none, and neither a file nor what holds no files.
func TestMountedFilesystems(t *testing.T) {
	const smb = "//bob:hunter2@srv/x"
	for file, text := range map[string]string{
		"proc/self/mounts": "/dev/sda1 /data ext4 rw,relatime 0 0\n" + smb + " /data cifs rw,password=hunter2 0 0\n",
		"proc/self/mountinfo": "30 20 8:1 / /data rw,relatime - ext4 /dev/sda1 rw\n31 30 0:40 / /data rw - cifs " + smb + " rw,password=hunter2\n" +
			"32 30 8:2 / /data/sub rw - ext4 /dev/sda2 rw\n33 20 8:3 /hosts /etc/hosts rw - ext4 /dev/sda3 rw\n",
	} {
		h := sourcetest.Tree(t, map[string]string{"data/sub/file": "", "etc/hosts": "", file: text}, nil)
		got := sourcetest.Read[[]filesystemInfo](t, h, filesystemType())
		if len(got) != 1 || got[0].DirName != "/data" || got[0].SysTypeName != "cifs" || got[0].Total == 0 ||
			strings.Contains(got[0].DevName+got[0].Options, "hunter2") {
			t.Errorf("%s: %+v", file, got)
		}
	}
	for _, f := range sourcetest.Read[[]filesystemInfo](t, &source.Host{}, filesystemType()) {
		if f.SysTypeName == "proc" || f.SysTypeName == "sysfs" {
			t.Errorf("%+v holds no files", f)
		}
	}
}

// A mount that another covers does not count.
func TestFilesystemStateOfCoveredMounts(t *testing.T) {
	h := sourcetest.Tree(t, map[string]string{"proc/self/mountinfo": "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n" +
		"30 20 8:2 / /data rw - ext4 /dev/sda2 rw\n31 30 0:40 / /data ro - nfs srv:/x rw\n"}, nil)
	got := sourcetest.Read[filesystemState](t, h, filesystemStateType())
	if want := (filesystemState{1, 1, "srv:/x", "/dev/sda1"}); got != want {
		t.Errorf("%+v", got)
	}
}
