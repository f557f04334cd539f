package system

import (
	"context"
	"strings"

	"virgo/collect/hostinfo/source"
	"virgo/collect/macos"
)

// readSystem reads sysctl; gopsutil would run sw_vers.
func readSystem(_ context.Context, h *source.Host) (systemInfo, error) {
	m, err := macos.ReadSystem()
	s := systemInfo{
		Name: m.Kernel, Version: m.Version, Vendor: strings.ToLower(m.Kernel), VendorVersion: m.Release,
		VendorName: strings.TrimSpace("macOS " + m.Release), Family: "Standalone Workstation",
		Arch: m.Arch, BootTime: m.Boot,
	}
	if now := h.Time().Unix(); m.Boot > 0 && now > int64(m.Boot) {
		s.Uptime = uint64(now) - m.Boot
	}
	return s, err
}
