//go:build !linux && !darwin

package host

import (
	"context"
	"fmt"

	gopsutil "github.com/shirou/gopsutil/v3/process"
)

// readProcessNames returns the name of each process, as the detail name matches it.
func readProcessNames(ctx context.Context, p processes) ([]string, error) {
	pids, err := gopsutil.PidsWithContext(p.tree.context(ctx))
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", supported(err))
	}
	if len(pids) > maxProcesses {
		return nil, fmt.Errorf("list processes: there are more than %d", maxProcesses)
	}
	var names []string
	for _, pid := range pids {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		one := &gopsutil.Process{Pid: pid}
		if pid <= 0 || int(pid) == p.self {
			continue
		}
		if name, err := one.NameWithContext(ctx); err == nil && name != "" {
			names = append(names, name)
		}
	}
	return names, nil
}
