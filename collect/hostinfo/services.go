package hostinfo

import (
	"context"
	"path"
	"strings"
)

// services are what the host starts by itself.
type services struct {
	Units   []systemdUnit `json:"units" doc:"services, timers, sockets and paths of systemd's"`
	Systemd []string      `json:"systemd" doc:"names that multi-user.target and basic.target want"`
	SystemV []string      `json:"systemv" doc:"start links of runlevel 3: S01nginx"`
	InitD   []string      `json:"initd" doc:"scripts of /etc/init.d"`
	Init    []string      `json:"init" doc:"jobs of Upstart in /etc/init: cron.conf"`
}

func servicesType() Type {
	return Type{
		Name:    "services",
		Summary: "services that the host knows, and which it starts by itself",
		Systems: []string{"linux"},
		Shape:   services{},
		Read:    readServices,
	}
}

func readServices(ctx context.Context, h *Host) (any, error) {
	var f faults
	list := func(folder string, keep func(name string) bool) []string {
		names, err := h.names(folder)
		f.add(err)
		kept := []string{}
		for _, name := range names {
			if keep(name) {
				kept = append(kept, name)
			}
		}
		return kept
	}
	visible := func(name string) bool { return name != "README" && !strings.HasPrefix(name, ".") }
	starts := func(name string) bool { return strings.HasPrefix(name, "S") }
	var s services
	s.Systemd = append(list("/etc/systemd/system/multi-user.target.wants", visible), list("/etc/systemd/system/basic.target.wants", visible)...)
	if s.SystemV = list("/etc/rc3.d", starts); len(s.SystemV) == 0 {
		s.SystemV = list("/etc/rc.d/rc3.d", starts) // older Red Hats
	}
	s.InitD = list("/etc/init.d", visible)
	s.Init = list("/etc/init", func(name string) bool { return path.Ext(name) == ".conf" })
	s.Units = told(h.unitFiles(ctx, &f))
	f.add(ctx.Err())
	return s, f.err()
}
