package host

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Every name of a device that users write finds it, and no name finds another's figures.
func TestDiskNames(t *testing.T) {
	dir := t.TempDir()
	tr := tree{proc: filepath.Join(dir, "proc"), sys: filepath.Join(dir, "sys"), root: dir}
	for file, text := range map[string]string{
		"proc/diskstats": `   8  0 sda 1 2 3 4 5 6 7 8 9 10 11
   8  1 sda1 1 2 3 4 5 6 7 8 9 10 11
 104  0 cciss/c0d0 1 2 3 4 5 6 7 8 9 10 11
 253  0 dm-0 1 2 3 4 5 6 7 8 9 10 11
 253  1 dm-1 1 2 3 4 5 6 7 8 9 10 11
   9 127 md127 1 2 3 4 5 6 7 8 9 10 11
`,
		"proc/self/mountinfo":    "20 1 8:1 / / rw - ext4 /dev/root rw\n21 20 253:1 / /d rw - ext4 /dev/mapper/other rw\n",
		"sys/block/dm-0/dm/name": "my--vg-root\n",
		"sys/block/dm-1/dm/name": "\n",
		"dev/not-a-device":       "",
		"dev/mapper/control":     "",
	} {
		file = filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, file, text)
	}
	for link, to := range map[string]string{
		"dev/disk/by-label/data": "../../sda1", "dev/disk/by-label/my\\x20disk": "../../md127", "dev/disk/by-uuid/c0de-1": "../../sda1",
		"dev/disk/by-partuuid/aa-01": "../../sda1", "dev/disk/by-id/ata-X": "../../sda", "dev/md/home": "../md127",
	} {
		link = filepath.Join(dir, link)
		if err := os.MkdirAll(filepath.Dir(link), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
	}
	nodes := os.Getuid() == 0
	if nodes {
		nodes = unix.Mknod(filepath.Join(dir, "dev/by-node"), unix.S_IFBLK|0o600, int(unix.Mkdev(9, 127))) == nil
	}
	for name, want := range map[string]string{
		"sda": "sda", "/dev/sda": "sda", "/dev/sda/": "sda", "/dev//sda1": "sda1", "8:1": "sda1", "253:0": "dm-0",
		"cciss/c0d0": "cciss/c0d0", "/dev/cciss/c0d0": "cciss/c0d0", "c0d0": "",
		"/dev/disk/by-label/data": "sda1", "disk/by-id/ata-X": "sda", "LABEL=data": "sda1", `LABEL="data"`: "sda1", "LABEL=my disk": "md127",
		"UUID=c0de-1": "sda1", "UUID=C0DE-1": "sda1", "PARTUUID=AA-01": "sda1", "ID=ata-X": "sda",
		"/dev/md/home": "md127", "md/home": "md127",
		"/dev/mapper/my--vg-root": "dm-0", "my--vg-root": "dm-0", "/dev/my-vg/root": "dm-0", "my-vg/root": "dm-0", "/dev/mapper/other": "dm-1",
		"/dev/root": "sda1", "by-node": map[bool]string{true: "md127"}[nodes],
		"": "", "/": "", "/dev": "", "/dev/disk/by-label/sda": "", "LABEL=sda": "", "sd": "", "/sda": "", "/dev/../sda": "", "../../sda1": "",
		"/dev/not-a-device": "", "mapper/": "", "8:": "", ":": "", "8:1:1": "", "NAME=data": "", "/data": "",
	} {
		s, err := disk{tree: tr, read: readDisks, uptime: uptime}.sample(t.Context(), request("", nil), name)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range s.devices {
			got = append(got, d.name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
