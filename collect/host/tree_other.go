//go:build !linux

package host

import (
	"context"

	"github.com/shirou/gopsutil/v3/common"
)

// context returns ctx with the tree in it, where gopsutil reads it in preference to the environment.
func (t tree) context(ctx context.Context) context.Context {
	return context.WithValue(ctx, common.EnvKey, common.EnvMap{
		common.HostProcEnvKey: t.proc,
		common.HostSysEnvKey:  t.sys,
	})
}
