package hostinfo

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// files makes a host of a few files.
func files(t *testing.T, text map[string]string) *Host {
	t.Helper()
	root := t.TempDir()
	for _, name := range slices.Sorted(maps.Keys(text)) {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text[name]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return &Host{Root: root}
}

// A kernel that mounts its root without an initial file system; the lines are a Debian 12's.
func TestFilesystemStateNamesTheRootDevice(t *testing.T) {
	h := files(t, map[string]string{
		"proc/self/mounts":    "/dev/root / ext4 rw,relatime,errors=remount-ro 0 0\nproc /proc proc rw 0 0\n",
		"proc/self/mountinfo": "22 1 259:0 / / rw,relatime shared:1 - ext4 /dev/root rw,errors=remount-ro\n23 22 0:20 / /proc rw - proc proc rw\n",
	})
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

func TestHypervisorByItsFirmware(t *testing.T) {
	const id = "sys/class/dmi/id/"
	for want, c := range map[string]struct{ vendor, product string }{
		"qemu":      {"QEMU", "Standard PC (Q35 + ICH9, 2009)"},
		"kvm":       {"Red Hat", "KVM"},
		"amazon":    {"Amazon EC2", "t3.micro"},
		"microsoft": {"Microsoft Corporation", "Virtual Machine"},
		"vmware":    {"VMware, Inc.", "VMware Virtual Platform"},
	} {
		h := files(t, map[string]string{id + "sys_vendor": c.vendor + "\n", id + "product_name": c.product + "\n"})
		if got := h.hypervisor(); got != want {
			t.Errorf("%+v: %q", c, got)
		}
	}
	for _, c := range []struct{ vendor, product string }{
		{"Amazon EC2", "c5.metal"}, {"Dell Inc.", "PowerEdge R640"}, {"Microsoft Corporation", "Surface"}, {"", ""},
	} {
		h := files(t, map[string]string{id + "sys_vendor": c.vendor, id + "product_name": c.product})
		if got := h.hypervisor(); got != "" {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
