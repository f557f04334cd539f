package api

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"time"

	"github.com/shirou/gopsutil/v3/host"

	"virgo/collect"
	"virgo/collect/script"
	"virgo/schedule"
	"virgo/schedule/policy"
)

// thisHost is the one that the script process runs on.
type thisHost struct{ figures *collect.Registry }

// Figures runs a check that starts nothing and opens no connection.
func (h thisHost) Figures(ctx context.Context, checkType string, d schedule.Details) (collect.Report, error) {
	if h.figures == nil {
		return collect.Report{}, errors.New("this process has no figures of the host")
	}
	t, ok := h.figures.Lookup(checkType)
	if !ok || !t.KernelOnly {
		return collect.Report{}, fmt.Errorf("there are no figures %.80q", checkType)
	}
	check := schedule.Check{Type: checkType, Details: d}
	if wrong := t.Definition().Mistakes(check); len(wrong) > 0 {
		return collect.Report{}, wrong[0]
	}
	if err := policy.OnlyFigures(&check, t.Definition()); err != nil {
		return collect.Report{}, err
	}
	return within(ctx, func() (collect.Report, error) {
		return t.Checker.Check(ctx, collect.Request{Check: check, Now: time.Now})
	})
}

func (h thisHost) Facts(ctx context.Context) (script.Facts, error) {
	name, err := os.Hostname()
	if err != nil {
		return script.Facts{}, err
	}
	f := script.Facts{OS: runtime.GOOS, Arch: runtime.GOARCH, Name: name}
	if boot, err := host.BootTimeWithContext(ctx); err == nil {
		f.BootTime = time.Unix(int64(boot), 0)
	}
	f.Interfaces, err = interfaces()
	return f, err
}

func interfaces() ([]script.Interface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var list []script.Interface
	for _, n := range all {
		i := script.Interface{Name: n.Name, Hardware: n.HardwareAddr.String(), MTU: n.MTU, Up: n.Flags&net.FlagUp != 0}
		addresses, err := n.Addrs()
		if err != nil {
			return nil, err
		}
		for _, a := range addresses {
			i.Addresses = append(i.Addresses, a.String())
		}
		list = append(list, i)
	}
	return list, nil
}
