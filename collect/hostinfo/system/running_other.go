//go:build !darwin

package system

import (
	"context"
	"fmt"

	"github.com/shirou/gopsutil/v3/host"

	"virgo/collect/hostinfo/source"
)

// addRunning adds what gopsutil reads of the running system on every host.
func (s *systemInfo) addRunning(ctx context.Context, h *source.Host) error {
	arch, err := host.KernelArch()
	if err != nil {
		return fmt.Errorf("reading the architecture: %w", err)
	}
	boot, err := host.BootTimeWithContext(ctx)
	if err != nil {
		return fmt.Errorf("reading when the system started: %w", err)
	}
	// Some systems do not know.
	if kind, role, err := host.VirtualizationWithContext(ctx); err == nil && role == "guest" {
		s.Virtualization = kind
	}
	s.Arch, s.BootTime = arch, boot
	if now := h.Time().Unix(); now > int64(boot) {
		s.Uptime = uint64(now) - boot
	}
	return nil
}
