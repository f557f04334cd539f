package hostinfo

import (
	"context"

	"github.com/shirou/gopsutil/v3/common"
)

// library is the context that gopsutil wants: it says where the host's files lie, whatever the environment says.
func (h *Host) library(ctx context.Context) context.Context {
	return context.WithValue(ctx, common.EnvKey, common.EnvMap{
		common.HostProcEnvKey: h.path("/proc"),
		common.HostSysEnvKey:  h.path("/sys"),
		common.HostEtcEnvKey:  h.path("/etc"),
		common.HostVarEnvKey:  h.path("/var"),
		common.HostRunEnvKey:  h.path("/run"),
		common.HostDevEnvKey:  h.path("/dev"),
		common.HostRootEnvKey: h.path("/"),
	})
}
