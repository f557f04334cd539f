package hardware

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"virgo/collect/hostinfo/source"
)

type diskInfo struct {
	Name       string `json:"name" doc:"the device, for example sda1"`
	Reads      uint64 `json:"reads" doc:"completed reads since boot"`
	Writes     uint64 `json:"writes" doc:"completed writes since boot"`
	ReadBytes  uint64 `json:"read_bytes" doc:"read since boot, bytes"`
	WriteBytes uint64 `json:"write_bytes" doc:"written since boot, bytes"`
	ReadTime   uint64 `json:"rtime" doc:"time of all reads together, ms"`
	WriteTime  uint64 `json:"wtime" doc:"time of all writes together, ms"`
	Time       uint64 `json:"time" doc:"time in which the device was busy, ms"`
	Serial     string `json:"serial" doc:"its serial number, if the system knows it"`
	Label      string `json:"label" doc:"the name of a device-mapper device"`
}

func diskType() source.Type {
	return source.Type{
		Name:    "disk",
		Summary: "disks, and their reads and writes since boot",
		Shape:   []diskInfo{},
		Read:    readDisks,
	}
}

func readDisks(ctx context.Context, h *source.Host) (any, error) {
	counters, err := diskCounters(h.Gopsutil(ctx))
	if err != nil {
		return nil, fmt.Errorf("reading disks: %w", err)
	}
	all := make([]diskInfo, 0, len(counters))
	for _, c := range counters {
		all = append(all, diskInfo{
			Name: c.Name, Reads: c.ReadCount, Writes: c.WriteCount, ReadBytes: c.ReadBytes, WriteBytes: c.WriteBytes,
			ReadTime: c.ReadTime, WriteTime: c.WriteTime, Time: c.IoTime, Serial: c.SerialNumber, Label: c.Label,
		})
	}
	slices.SortFunc(all, func(a, b diskInfo) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}
