package host

import (
	"context"
	"errors"
	"fmt"

	"virgo/collect"
	"virgo/schedule"
)

// An iface is the counters of a network interface, since boot or its creation.
type iface struct {
	name   string
	rx, tx traffic
	link   string // up, down, unknown
	// detailed reports whether the system counts frame, collisions and carrier.
	detailed                   bool
	frame, collisions, carrier uint64
	noOverruns                 bool // they are not counted
}

type traffic struct{ bytes, packets, errors, dropped, overruns uint64 }

type network struct{ tree tree }

func networkType(t tree) collect.Type {
	return collect.Type{
		Name:       "agent.network",
		Summary:    "traffic and errors of network interfaces",
		Details:    []collect.Detail{{Name: "target", Role: schedule.Other, Summary: "interface, for example eth0, or * for all", Required: true}},
		KeyMetrics: []string{"rx_bytes/s", "tx_bytes/s", "link_state", "rx_errors/s", "tx_errors/s"},
		KernelOnly: true,
		Checker:    network{tree: t},
	}
}

// Targets lists the interfaces.
func (n network) Targets(ctx context.Context) ([]string, error) {
	ifaces, err := readInterfaces(ctx, n.tree, allTargets)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, i := range ifaces {
		names = append(names, i.name)
	}
	return names, nil
}

// Check reports an interface, or each of them (target *).
func (n network) Check(ctx context.Context, req collect.Request) (collect.Report, error) {
	if err := ctx.Err(); err != nil {
		return collect.Report{}, err
	}
	name, err := collect.OptionalText(req.Check.Details, "target")
	switch {
	case err != nil:
		return collect.Report{}, err
	case name == "":
		return unavailable("Missing target parameter; give me an interface.")
	}
	ifaces, err := readInterfaces(ctx, n.tree, name)
	if err != nil {
		return collect.Report{}, fmt.Errorf("reading network interfaces: %w", err)
	}
	if len(ifaces) == 0 {
		if name == allTargets {
			return collect.Report{}, errors.New("no network interfaces are listed")
		}
		return unavailable("No such interface: " + name)
	}
	f := collect.MetricBuilder{Metrics: make([]collect.Metric, 0, 14*len(ifaces))}
	for _, i := range ifaces {
		if name == allTargets {
			f.Dimension = i.name
		}
		i.add(&f)
	}
	return collect.Report{Metrics: f.Metrics}, nil
}

func (i iface) add(f *collect.MetricBuilder) {
	f.Gauge("rx_bytes", i.rx.bytes, "bytes")
	f.Gauge("rx_packets", i.rx.packets, "packets")
	f.Gauge("rx_errors", i.rx.errors, "errors")
	f.Gauge("rx_dropped", i.rx.dropped, "packets")
	if i.detailed {
		f.Gauge("rx_frame", i.frame, "errors")
	}
	if !i.noOverruns {
		f.Gauge("rx_overruns", i.rx.overruns, "errors")
	}
	f.Gauge("tx_bytes", i.tx.bytes, "bytes")
	f.Gauge("tx_packets", i.tx.packets, "packets")
	f.Gauge("tx_errors", i.tx.errors, "errors")
	f.Gauge("tx_dropped", i.tx.dropped, "packets")
	if i.detailed {
		f.Gauge("tx_carrier", i.carrier, "errors")
		f.Gauge("tx_collisions", i.collisions, "collisions")
	}
	if !i.noOverruns {
		f.Gauge("tx_overruns", i.tx.overruns, "errors")
	}
	f.Text("link_state", i.link)
}
