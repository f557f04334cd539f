package system

import (
	"context"
	"path"
	"strings"

	"virgo/collect/hostinfo/source"
	"virgo/collect/hostinfo/systemd"
)

// services are what the host starts at boot.
type services struct {
	Units   []systemd.Unit `json:"units" doc:"services, timers, sockets and paths of systemd's"`
	Systemd []string       `json:"systemd" doc:"units that multi-user.target and basic.target want"`
	SystemV []string       `json:"systemv" doc:"start links of runlevel 3: S01nginx"`
	InitD   []string       `json:"initd" doc:"scripts of /etc/init.d"`
	Init    []string       `json:"init" doc:"jobs of Upstart in /etc/init: cron.conf"`
}

func servicesType() source.Type {
	return source.Type{
		Name:    "services",
		Summary: "services, and which of them start at boot",
		Systems: []string{"linux"},
		Shape:   services{},
		Read:    readServices,
	}
}

func readServices(ctx context.Context, h *source.Host) (any, error) {
	var problems source.Problems
	list := func(folder string, wanted func(name string) bool) []string {
		names, err := h.Names(folder)
		problems.Add(err)
		chosen := []string{}
		for _, name := range names {
			if wanted(name) {
				chosen = append(chosen, name)
			}
		}
		return chosen
	}
	visible := func(name string) bool { return name != "README" && !strings.HasPrefix(name, ".") }
	starts := func(name string) bool { return strings.HasPrefix(name, "S") }
	var s services
	s.Systemd = append(
		list("/etc/systemd/system/multi-user.target.wants", visible),
		list("/etc/systemd/system/basic.target.wants", visible)...)
	if s.SystemV = list("/etc/rc3.d", starts); len(s.SystemV) == 0 {
		s.SystemV = list("/etc/rc.d/rc3.d", starts) // older Red Hats
	}
	s.InitD = list("/etc/init.d", visible)
	s.Init = list("/etc/init", func(name string) bool { return path.Ext(name) == ".conf" })
	s.Units = source.NonNil(systemd.Units(ctx, h, &problems))
	problems.Add(ctx.Err())
	return s, problems.Err()
}
