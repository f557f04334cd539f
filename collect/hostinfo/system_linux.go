package hostinfo

import (
	"context"
	"strings"
)

// system reads what the kernel and os-release(5) say; gopsutil's way would run lsb_release.
func (h *Host) system(ctx context.Context) (systemInfo, error) {
	var s systemInfo
	for file, to := range map[string]*string{"/proc/sys/kernel/ostype": &s.Name, "/proc/sys/kernel/osrelease": &s.Version} {
		b, err := h.read(file)
		if err != nil {
			return s, err
		}
		*to = strings.TrimSpace(string(b))
	}
	b, err := h.read("/etc/os-release")
	if absent(err) {
		b, err = h.read("/usr/lib/os-release")
	}
	r := parseOSRelease(b)
	s.Vendor, s.VendorVersion, s.VendorName, s.Family = r["ID"], r["VERSION_ID"], r["PRETTY_NAME"], r["ID_LIKE"]
	if failed := s.running(ctx, h); failed != nil {
		return s, failed
	}
	if s.Virtualization == "" {
		s.Virtualization = h.hypervisor()
	}
	return s, err
}

// hypervisor tells a virtual machine by what its firmware says that it is, in systemd-detect-virt(1)'s words;
// empty for hardware, also for that which a cloud's own name stands on.
func (h *Host) hypervisor() string {
	said := func(name string) string {
		b, _ := h.read("/sys/class/dmi/id/" + name) // not there: no such firmware
		return strings.TrimSpace(string(b))
	}
	if strings.HasSuffix(said("product_name"), ".metal") {
		return ""
	}
	for _, name := range []string{"product_name", "sys_vendor", "board_vendor", "bios_vendor"} {
		text := said(name)
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
	if said("sys_vendor") == "Microsoft Corporation" && said("product_name") == "Virtual Machine" {
		return "microsoft"
	}
	return ""
}
