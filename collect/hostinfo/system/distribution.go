package system

import (
	"context"
	"strings"

	"virgo/collect/hostinfo/source"
)

type systemInfo struct {
	Name           string `json:"name" doc:"the kernel: Linux, Darwin, FreeBSD or Windows"`
	Version        string `json:"version" doc:"its version"`
	Arch           string `json:"arch" doc:"its processor architecture, for example x86_64"`
	Vendor         string `json:"vendor" doc:"the distribution, for example debian or rhel"`
	VendorVersion  string `json:"vendor_version" doc:"its version"`
	VendorName     string `json:"vendor_name" doc:"its name with its version, as it writes them"`
	Family         string `json:"family" doc:"what it is derived from, for example debian or rhel fedora; empty if it does not say"`
	Virtualization string `json:"virtualization" doc:"what it runs in, for example kvm or docker; empty on bare metal"`
	BootTime       uint64 `json:"boot_time_s" doc:"when it started, s since the epoch"`
	Uptime         uint64 `json:"uptime_s" doc:"how long it has been running, s"`
}

// systemType answers with a list of one element, as the original agent does.
func systemType() source.Type {
	return source.Type{
		Name:    "system",
		Summary: "kernel, distribution, architecture and uptime",
		Shape:   []systemInfo{},
		Read: func(ctx context.Context, h *source.Host) (any, error) {
			s, err := readSystem(h.Gopsutil(ctx), h)
			return []systemInfo{s}, err
		},
	}
}

// parseOSRelease parses os-release(5): NAME=value, the value in the shell's quotes or without.
func parseOSRelease(b []byte) map[string]string {
	all := make(map[string]string)
	for line := range strings.Lines(string(b)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || strings.HasPrefix(name, "#") {
			continue
		}
		if n := len(value); n > 1 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
			value = value[1 : n-1]
		}
		all[name] = strings.NewReplacer(`\"`, `"`, `\$`, `$`, "\\`", "`", `\\`, `\`).Replace(value)
	}
	return all
}
