package system

import (
	"context"
	"strings"

	"virgo/collect/hostinfo/source"
)

// readSystem reads the kernel's settings and os-release(5); gopsutil would run lsb_release.
func readSystem(ctx context.Context, h *source.Host) (systemInfo, error) {
	var s systemInfo
	for file, to := range map[string]*string{
		"/proc/sys/kernel/ostype": &s.Name, "/proc/sys/kernel/osrelease": &s.Version,
	} {
		b, err := h.Read(file)
		if err != nil {
			return s, err
		}
		*to = strings.TrimSpace(string(b))
	}
	b, err := h.Read("/etc/os-release")
	if source.IsAbsent(err) {
		b, err = h.Read("/usr/lib/os-release")
	}
	r := parseOSRelease(b)
	s.Vendor, s.VendorVersion, s.VendorName, s.Family = r["ID"], r["VERSION_ID"], r["PRETTY_NAME"], r["ID_LIKE"]
	if failed := s.addRunning(ctx, h); failed != nil {
		return s, failed
	}
	if s.Virtualization == "" {
		s.Virtualization = readHypervisor(h)
	}
	return s, err
}

// readHypervisor recognises a virtual machine by its firmware, with the names of
// systemd-detect-virt(1). It is empty for hardware, also if a cloud's name is on it.
func readHypervisor(h *source.Host) string {
	firmware := func(name string) string {
		b, _ := h.Read("/sys/class/dmi/id/" + name) // missing without such firmware
		return strings.TrimSpace(string(b))
	}
	if strings.HasSuffix(firmware("product_name"), ".metal") {
		return ""
	}
	for _, name := range []string{"product_name", "sys_vendor", "board_vendor", "bios_vendor"} {
		text := firmware(name)
		for _, v := range []struct{ prefix, kind string }{
			{"KVM", "kvm"}, {"OpenStack", "kvm"}, {"KubeVirt", "kvm"}, {"Amazon EC2", "amazon"}, {"QEMU", "qemu"},
			{"VMware", "vmware"}, {"VMW", "vmware"}, {"innotek GmbH", "oracle"}, {"VirtualBox", "oracle"}, {"Xen", "xen"},
			{"Bochs", "bochs"}, {"Parallels", "parallels"}, {"BHYVE", "bhyve"}, {"Hyper-V", "microsoft"},
			{"Google Compute Engine", "google"}, {"Apple Virtualization", "apple"},
		} {
			if strings.HasPrefix(text, v.prefix) {
				return v.kind
			}
		}
	}
	if firmware("sys_vendor") == "Microsoft Corporation" && firmware("product_name") == "Virtual Machine" {
		return "microsoft"
	}
	return ""
}
