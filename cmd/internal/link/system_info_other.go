//go:build !linux && !darwin

package link

import (
	"context"

	"github.com/shirou/gopsutil/v3/cpu"
	"github.com/shirou/gopsutil/v3/host"
)

// readSystem uses gopsutil; values that the system does not report stay empty.
func readSystem(ctx context.Context, si *SystemInfo) error {
	if h, err := host.InfoWithContext(ctx); err == nil {
		si.Sysinfo.Arch, si.Sysinfo.Version = h.KernelArch, h.KernelVersion
		si.Sysinfo.Vendor, si.Sysinfo.VendorVersion = h.Platform, h.PlatformVersion
		si.Sysinfo.BootTime = h.BootTime
	}
	if cpus, err := cpu.InfoWithContext(ctx); err == nil {
		for _, c := range cpus {
			si.CPUs = append(si.CPUs,
				CPUInfo{Vendor: c.VendorID, Model: c.ModelName, MHz: c.Mhz, Cores: int(c.Cores)})
		}
	}
	return nil
}
