package link

import (
	"context"
	"net"
	"os"
	"runtime"
	"strings"
)

// SystemInfo is the result of system.info. Values that the system does not report are empty or 0.
type SystemInfo struct {
	Sysinfo Sysinfo     `json:"sysinfo"`
	CPUs    []CPUInfo   `json:"cpus"`
	Netifs  []NetifInfo `json:"netifs"`
}

// Sysinfo is the host and its operating system.
type Sysinfo struct {
	Name          string `json:"name"`           // the system: linux, windows, …
	Arch          string `json:"arch"`           // the machine, as uname(2) names it where there is one
	Version       string `json:"version"`        // of the kernel
	Vendor        string `json:"vendor"`         // the distribution
	VendorVersion string `json:"vendor_version"` // of the distribution
	Hostname      string `json:"hostname"`
	BootTime      uint64 `json:"boot_time"`    // s since the epoch
	MemoryBytes   uint64 `json:"memory_bytes"` // in all
}

// A CPUInfo is one processor as the system lists it.
type CPUInfo struct {
	Vendor string  `json:"vendor"`
	Model  string  `json:"model"`
	MHz    float64 `json:"mhz"`
	Cores  int     `json:"total_cores"`
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
	si := SystemInfo{CPUs: []CPUInfo{}, Netifs: []NetifInfo{}}
	si.Sysinfo = Sysinfo{Name: runtime.GOOS, Arch: runtime.GOARCH}
	if h, err := os.Hostname(); err == nil {
		si.Sysinfo.Hostname = h
	}
	if m, err := totalMemory(ctx); err == nil {
		si.Sysinfo.MemoryBytes = m
	}
	if err := readSystem(ctx, &si); err != nil {
		return si, err
	}
	ifs, err := net.Interfaces()
	if err != nil {
		return si, err
	}
	for _, i := range ifs {
		n := NetifInfo{
			Name: i.Name, MTU: i.MTU, HWAddr: i.HardwareAddr.String(),
			Flags: strings.Split(i.Flags.String(), "|"), Addresses: []string{},
		}
		if addrs, err := i.Addrs(); err == nil {
			for _, a := range addrs {
				n.Addresses = append(n.Addresses, a.String())
			}
		}
		si.Netifs = append(si.Netifs, n)
	}
	return si, nil
}
