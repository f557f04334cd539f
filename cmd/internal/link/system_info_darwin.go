package link

import (
	"context"
	"strings"

	"github.com/shirou/gopsutil/v3/cpu"

	"virgo/collect/macos"
)

// readSystem reads sysctl; gopsutil would run sw_vers and ioreg. Values that the system does not report
// stay empty.
func readSystem(ctx context.Context, si *SystemInfo) error {
	s, err := macos.ReadSystem()
	if err != nil {
		return err
	}
	si.Sysinfo.Arch, si.Sysinfo.Version, si.Sysinfo.BootTime = s.Arch, s.Version, s.Boot
	si.Sysinfo.Vendor, si.Sysinfo.VendorVersion = strings.ToLower(s.Kernel), s.Release
	if cpus, err := cpu.InfoWithContext(ctx); err == nil {
		for _, c := range cpus {
			si.CPUs = append(si.CPUs,
				CPUInfo{Vendor: c.VendorID, Model: c.ModelName, MHz: c.Mhz, Cores: int(c.Cores)})
		}
	}
	return nil
}

func totalMemory(context.Context) (uint64, error) {
	m, err := macos.ReadMemory()
	return m.Total, err
}
