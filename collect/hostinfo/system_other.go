//go:build !linux

package hostinfo

import (
	"context"
	"fmt"
	"runtime"
	"strings"

	"github.com/shirou/gopsutil/v3/host"
)

func (h *Host) system(ctx context.Context) (systemInfo, error) {
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
		Version: kernel, Vendor: platform, VendorVersion: version, VendorName: strings.TrimSpace(platform + " " + version), Family: family,
	}
	return s, s.running(ctx, h)
}
