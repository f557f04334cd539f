package source

import (
	"context"
	"math"

	"github.com/shirou/gopsutil/v3/common"
)

// Gopsutil returns a context that makes gopsutil read this host's files, whatever the environment
// variables are (HOST_PROC and others).
func (h *Host) Gopsutil(ctx context.Context) context.Context {
	return context.WithValue(ctx, common.EnvKey, common.EnvMap{
		common.HostProcEnvKey: h.Path("/proc"),
		common.HostSysEnvKey:  h.Path("/sys"),
		common.HostEtcEnvKey:  h.Path("/etc"),
		common.HostVarEnvKey:  h.Path("/var"),
		common.HostRunEnvKey:  h.Path("/run"),
		common.HostDevEnvKey:  h.Path("/dev"),
		common.HostRootEnvKey: h.Path("/"),
	})
}

// Milliseconds converts gopsutil's seconds to ms, rounded as by [Round].
func Milliseconds(seconds float64) uint64 { return Round(seconds * 1000) }

// Round rounds a figure of gopsutil's; it returns 0 for NaN, negative figures and those above
// math.MaxInt64.
func Round(f float64) uint64 {
	if !(f > 0) || f > math.MaxInt64 {
		return 0
	}
	return uint64(math.Round(f))
}
