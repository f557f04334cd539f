package system

import (
	"context"
	"strconv"
	"strings"

	"virgo/collect/hostinfo/source"
)

// A kernelModule is a line of /proc/modules. The module's address is left out: it reveals where the
// kernel is loaded, which address space randomisation hides.
type kernelModule struct {
	Name          string   `json:"name" doc:"the module"`
	MemSize       uint64   `json:"mem_size" doc:"memory that it takes, bytes"`
	InstanceCount int64    `json:"instanceCount" doc:"how often it is in use; -1 if it cannot be unloaded"`
	Dependencies  []string `json:"dependencies" doc:"modules that need it"`
	State         string   `json:"state" doc:"Live, Loading or Unloading"`
}

func kernelModulesType() source.Type {
	return source.Type{
		Name:    "kernel_modules",
		Summary: "loaded kernel modules",
		Systems: []string{"linux"},
		Shape:   []kernelModule{},
		Read: func(_ context.Context, h *source.Host) (any, error) {
			b, err := h.Read("/proc/modules")
			if err != nil && !source.IsAbsent(err) { // a kernel without modules has no such file
				return nil, err
			}
			return parseModules(b), nil
		},
	}
}

// parseModules parses /proc/modules (proc(5)): name size instances users state address.
func parseModules(b []byte) []kernelModule {
	all := []kernelModule{}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 5 {
			continue
		}
		m := kernelModule{Name: f[0], State: f[4], InstanceCount: -1, Dependencies: []string{}}
		m.MemSize, _ = strconv.ParseUint(f[1], 10, 64) // the kernel writes numbers
		if n, err := strconv.ParseInt(f[2], 10, 64); err == nil {
			m.InstanceCount = n
		}
		for user := range strings.SplitSeq(f[3], ",") {
			if user != "" && user != "-" && user != "[permanent]" {
				m.Dependencies = append(m.Dependencies, user)
			}
		}
		all = append(all, m)
	}
	return all
}
