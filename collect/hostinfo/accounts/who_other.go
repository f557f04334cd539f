//go:build !linux

package accounts

import (
	"context"

	"github.com/shirou/gopsutil/v3/host"

	"virgo/collect/hostinfo/source"
)

func readSessions(ctx context.Context, h *source.Host) ([]session, error) {
	users, err := host.UsersWithContext(ctx)
	var all []session
	for _, u := range users {
		all = append(all, session{u.User, u.Terminal, u.Host, int64(u.Started)})
	}
	return all, err
}
