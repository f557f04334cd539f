//go:build !linux && !darwin

package system

import (
	"context"
	"fmt"
	"runtime"
	"strings"

	"github.com/shirou/gopsutil/v3/host"

	"virgo/collect/hostinfo/source"
)

func readSystem(ctx context.Context, h *source.Host) (systemInfo, error) {
	platform, family, version, err := host.PlatformInformationWithContext(ctx)
	if err != nil {
		return systemInfo{}, fmt.Errorf("reading what system it is: %w", err)
	}
	kernel, err := host.KernelVersionWithContext(ctx)
	if err != nil {
		return systemInfo{}, fmt.Errorf("reading the kernel's version: %w", err)
	}
	s := systemInfo{
		Name:    map[string]string{"darwin": "Darwin", "freebsd": "FreeBSD", "windows": "Windows"}[runtime.GOOS],
		Version: kernel, Vendor: platform, VendorVersion: version, Family: family,
		VendorName: strings.TrimSpace(platform + " " + version),
	}
	return s, s.addRunning(ctx, h)
}
