package agent

import (
	"context"
	"encoding/json"

	"github.com/shirou/gopsutil/v3/cpu"
	"github.com/shirou/gopsutil/v3/host"
	"github.com/shirou/gopsutil/v3/mem"
	"github.com/shirou/gopsutil/v3/net"

	"virgo/transport"
)

// answer is what the endpoint gets for the requests that it may make during a session.
func (l *link) answer(ctx context.Context, method string, _ json.RawMessage) (any, *transport.Error) {
	l.agent.Verbose("session: the endpoint asks %s", method)
	switch method {
	case "check_schedule.changed":
		l.changed = true
		return struct{}{}, nil
	case "system.info":
		info, err := systemInfo(ctx)
		if err != nil {
			return nil, &transport.Error{Code: transport.CodeInternal, Message: err.Error()}
		}
		return info, nil
	default:
		return nil, transport.NotFound(method)
	}
}

// SystemInfo is the result of system.info. Fields that the system does not tell are empty or 0.
type SystemInfo struct {
	Sysinfo struct {
		Name     string `json:"name"`    // kernel's name: linux, windows, …
		Arch     string `json:"arch"`    // uname -m
		Version  string `json:"version"` // kernel's version
		Vendor   string `json:"vendor"`  // distribution
		Release  string `json:"vendor_version"`
		Hostname string `json:"hostname"`
		BootTime uint64 `json:"boot_time"` // s since the epoch
		Memory   uint64 `json:"memory_bytes"`
	} `json:"sysinfo"`
	CPUs   []CPUInfo   `json:"cpus"`
	Netifs []NetifInfo `json:"netifs"`
}

// A CPUInfo is one processor as the system lists it.
type CPUInfo struct {
	Vendor string  `json:"vendor"`
	Model  string  `json:"model"`
	MHz    float64 `json:"mhz"`
	Cores  int32   `json:"total_cores"`
}

// A NetifInfo is one network interface.
type NetifInfo struct {
	Name      string   `json:"name"`
	MTU       int      `json:"mtu"`
	HWAddr    string   `json:"hwaddr"`
	Flags     []string `json:"flags"`
	Addresses []string `json:"addresses"` // CIDR
}

func systemInfo(ctx context.Context) (SystemInfo, error) {
	var si SystemInfo
	h, err := host.InfoWithContext(ctx)
	if err != nil {
		return si, err
	}
	si.Sysinfo.Name, si.Sysinfo.Arch, si.Sysinfo.Version = h.OS, h.KernelArch, h.KernelVersion
	si.Sysinfo.Vendor, si.Sysinfo.Release = h.Platform, h.PlatformVersion
	si.Sysinfo.Hostname, si.Sysinfo.BootTime = h.Hostname, h.BootTime
	if m, err := mem.VirtualMemoryWithContext(ctx); err == nil {
		si.Sysinfo.Memory = m.Total
	}
	if cpus, err := cpu.InfoWithContext(ctx); err == nil {
		for _, c := range cpus {
			si.CPUs = append(si.CPUs, CPUInfo{c.VendorID, c.ModelName, c.Mhz, c.Cores})
		}
	}
	if ifs, err := net.InterfacesWithContext(ctx); err == nil {
		for _, i := range ifs {
			n := NetifInfo{Name: i.Name, MTU: i.MTU, HWAddr: i.HardwareAddr, Flags: i.Flags}
			for _, addr := range i.Addrs {
				n.Addresses = append(n.Addresses, addr.Addr)
			}
			si.Netifs = append(si.Netifs, n)
		}
	}
	return si, nil
}
