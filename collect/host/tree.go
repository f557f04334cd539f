package host

import (
	"context"

	"github.com/shirou/gopsutil/v3/common"
)

// A tree is where the kernel's file systems are mounted.
type tree struct {
	proc, sys string
	root      string // what mount points are below; empty outside of tests
}

// context returns ctx with the tree in it, where gopsutil reads it in preference to the environment.
func (t tree) context(ctx context.Context) context.Context {
	return context.WithValue(ctx, common.EnvKey, common.EnvMap{
		common.HostProcEnvKey: t.proc,
		common.HostSysEnvKey:  t.sys,
	})
}
