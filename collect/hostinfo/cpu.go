package hostinfo

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/shirou/gopsutil/v3/cpu"
)

// A processor is one logical processor, as the existing agent told it.
type processor struct {
	Name         string `json:"name" doc:"cpu.0, cpu.1, …"`
	Vendor       string `json:"vendor" doc:"who made it"`
	Model        string `json:"model" doc:"its name"`
	MHz          uint64 `json:"mhz" doc:"its clock, MHz: the highest where the system knows it"`
	TotalCores   int    `json:"total_cores" doc:"logical processors of the host"`
	TotalSockets int    `json:"total_sockets" doc:"processors in sockets of their own; 0 where the system does not say"`
	User         uint64 `json:"user" doc:"time in programs since the boot, ms"`
	Sys          uint64 `json:"sys" doc:"time in the kernel since the boot, ms"`
	Nice         uint64 `json:"nice" doc:"time in programs of low priority since the boot, ms"`
	Idle         uint64 `json:"idle" doc:"idle time since the boot, ms"`
	Wait         uint64 `json:"wait" doc:"time waiting for a disk since the boot, ms"`
	IRQ          uint64 `json:"irq" doc:"time in interrupts since the boot, ms"`
	SoftIRQ      uint64 `json:"soft_irq" doc:"time in soft interrupts since the boot, ms"`
	Stolen       uint64 `json:"stolen" doc:"time that the hypervisor gave to others since the boot, ms"`
	Total        uint64 `json:"total" doc:"the sum of these times, ms"`
}

func cpuType() Type {
	return Type{
		Name:    "cpu",
		Summary: "processors and what their time went to since the boot",
		Shape:   []processor{},
		Read:    readCPU,
	}
}

func readCPU(ctx context.Context, h *Host) (any, error) {
	ctx = h.library(ctx)
	times, err := cpu.TimesWithContext(ctx, true)
	if err != nil {
		return nil, fmt.Errorf("reading processor times: %w", err)
	}
	infos, err := cpu.InfoWithContext(ctx)
	if err != nil {
		err = fmt.Errorf("reading what processors there are: %w", err)
	}
	return processors(times, infos), err
}

// processors joins the times of each logical processor with what is known of it. Windows and macOS tell of each
// package once, and it then stands for all.
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
			// Guest time is in the user's already.
			User: milliseconds(t.User), Sys: milliseconds(t.System), Nice: milliseconds(t.Nice), Idle: milliseconds(t.Idle),
			Wait: milliseconds(t.Iowait), IRQ: milliseconds(t.Irq), SoftIRQ: milliseconds(t.Softirq), Stolen: milliseconds(t.Steal),
		}
		p.Total = p.User + p.Sys + p.Nice + p.Idle + p.Wait + p.IRQ + p.SoftIRQ + p.Stolen
		if len(infos) > 0 {
			info := infos[min(i, len(infos)-1)]
			p.Vendor, p.Model, p.MHz = info.VendorID, strings.Join(strings.Fields(info.ModelName), " "), whole(info.Mhz)
		}
		all = append(all, p)
	}
	return all
}

func milliseconds(seconds float64) uint64 { return whole(seconds * 1000) }

// whole rounds; what is no number, or below zero, is 0.
func whole(f float64) uint64 {
	if !(f > 0) || f > math.MaxInt64 {
		return 0
	}
	return uint64(math.Round(f))
}
