package host

import (
	"context"
	"strings"

	"virgo/collect"
)

// Check counts the local and remote file systems by whether they are writable, and lists their
// devices (or exports). It reads the mount table only, so none of them can delay it.
func (s filesystemState) Check(ctx context.Context, _ collect.Request) (collect.Report, error) {
	if err := ctx.Err(); err != nil {
		return collect.Report{}, err
	}
	mounts, err := readMounts(ctx, s.tree, "")
	if err != nil {
		return collect.Report{}, err
	}
	var ro, rw []string
	for _, m := range s.tree.distinctMounts(mounts) {
		if m.readOnly {
			ro = append(ro, m.device)
		} else {
			rw = append(rw, m.device)
		}
	}
	f := collect.MetricBuilder{Metrics: make([]collect.Metric, 0, 4)}
	f.Int64("total_ro", uint64(len(ro)), "filesystems")
	f.Int64("total_rw", uint64(len(rw)), "filesystems")
	f.Text("devices_ro", strings.Join(ro, ","))
	f.Text("devices_rw", strings.Join(rw, ","))
	return collect.Report{Metrics: f.Metrics}, nil
}
