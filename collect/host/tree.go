package host

import (
	"context"

	"github.com/shirou/gopsutil/v3/common"
)

// A tree is where the kernel's file systems are mounted.
type tree struct{ proc, sys string }

// context returns ctx with the tree in it, where gopsutil looks for it before the environment.
func (t tree) context(ctx context.Context) context.Context {
	return context.WithValue(ctx, common.EnvKey, common.EnvMap{
		common.HostProcEnvKey: t.proc,
		common.HostSysEnvKey:  t.sys,
	})
}
