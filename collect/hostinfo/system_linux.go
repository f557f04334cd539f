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
	return s, err
}
