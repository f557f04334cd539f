package hardware

import (
	"context"
	"fmt"
	"strings"

	"github.com/shirou/gopsutil/v3/cpu"

	"virgo/collect/hostinfo/source"
)

// A processor is one logical processor, with the keys of the original agent.
type processor struct {
	Name         string `json:"name" doc:"cpu.0, cpu.1, …"`
	Vendor       string `json:"vendor" doc:"its vendor"`
	Model        string `json:"model" doc:"its name"`
	MHz          uint64 `json:"mhz" doc:"its clock, MHz: the highest if the system knows it"`
	TotalCores   int    `json:"total_cores" doc:"logical processors of the host"`
	TotalSockets int    `json:"total_sockets" doc:"physical processors of the host; 0 if the system does not say"`
	User         uint64 `json:"user" doc:"time in programs since boot, ms"`
	Sys          uint64 `json:"sys" doc:"time in the kernel since boot, ms"`
	Nice         uint64 `json:"nice" doc:"time in programs of low priority since boot, ms"`
	Idle         uint64 `json:"idle" doc:"idle time since boot, ms"`
	Wait         uint64 `json:"wait" doc:"time waiting for a disk since boot, ms"`
	IRQ          uint64 `json:"irq" doc:"time in interrupts since boot, ms"`
	SoftIRQ      uint64 `json:"soft_irq" doc:"time in soft interrupts since boot, ms"`
	Stolen       uint64 `json:"stolen" doc:"time that the hypervisor gave to others since boot, ms"`
	Total        uint64 `json:"total" doc:"the sum of these times, ms"`
}

func cpuType() source.Type {
	return source.Type{
		Name:    "cpu",
		Summary: "processors, and their time by mode since boot",
		Shape:   []processor{},
		Read:    readCPU,
	}
}

func readCPU(ctx context.Context, h *source.Host) (any, error) {
	ctx = h.Gopsutil(ctx)
	times, err := processorTimes(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading processor times: %w", err)
	}
	infos, err := cpu.InfoWithContext(ctx)
	if err != nil {
		err = fmt.Errorf("reading processors: %w", err)
	}
	return processors(times, infos), err
}

// processors joins the times of each logical processor with what is known of it. Windows and macOS
// describe each package once, so the last description holds for the remaining processors.
func processors(times []cpu.TimesStat, infos []cpu.InfoStat) []processor {
	sockets := make(map[string]bool)
	for _, i := range infos {
		if i.PhysicalID != "" {
			sockets[i.PhysicalID] = true
		}
	}
	all := make([]processor, 0, len(times))
	for i, t := range times {
		p := processor{
			Name: fmt.Sprintf("cpu.%d", i), TotalCores: len(times), TotalSockets: len(sockets),
			// User time includes guest time.
			User: source.Milliseconds(t.User), Sys: source.Milliseconds(t.System),
			Nice: source.Milliseconds(t.Nice), Idle: source.Milliseconds(t.Idle),
			Wait: source.Milliseconds(t.Iowait), IRQ: source.Milliseconds(t.Irq),
			SoftIRQ: source.Milliseconds(t.Softirq), Stolen: source.Milliseconds(t.Steal),
		}
		p.Total = p.User + p.Sys + p.Nice + p.Idle + p.Wait + p.IRQ + p.SoftIRQ + p.Stolen
		if len(infos) > 0 {
			info := infos[min(i, len(infos)-1)]
			p.Vendor, p.MHz = info.VendorID, source.Round(info.Mhz)
			p.Model = strings.Join(strings.Fields(info.ModelName), " ")
		}
		all = append(all, p)
	}
	return all
}
