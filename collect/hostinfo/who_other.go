//go:build !linux

package hostinfo

import (
	"context"

	"github.com/shirou/gopsutil/v3/host"
)

func (h *Host) sessions(ctx context.Context) ([]session, error) {
	users, err := host.UsersWithContext(ctx)
	var all []session
	for _, u := range users {
		all = append(all, session{u.User, u.Terminal, u.Host, int64(u.Started)})
	}
	return all, err
}
