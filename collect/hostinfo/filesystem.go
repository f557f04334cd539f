package hostinfo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v3/disk"
)

type filesystemInfo struct {
	DirName     string `json:"dir_name" doc:"where it is mounted"`
	DevName     string `json:"dev_name" doc:"its device or server"`
	SysTypeName string `json:"sys_type_name" doc:"its type, for example ext4"`
	Options     string `json:"options" doc:"the options it is mounted with, comma-separated, without secrets"`
	Total       uint64 `json:"total" doc:"size, KiB"`
	Free        uint64 `json:"free" doc:"not in use, KiB"`
	Used        uint64 `json:"used" doc:"in use, KiB"`
	Avail       uint64 `json:"avail" doc:"what a user who is not root can have, KiB"`
	Files       uint64 `json:"files" doc:"files that it can hold (inodes); 0 where it has no bound"`
	FreeFiles   uint64 `json:"free_files" doc:"files that it can still hold"`
}

func filesystemType() Type {
	return Type{
		Name:    "filesystem",
		Summary: "mounted file systems that hold something, with their room",
		Shape:   []filesystemInfo{},
		Read:    readFilesystems,
	}
}

// hangLimit is how long a file system may take to tell its figures; that of a server that is gone never does.
const hangLimit = 2 * time.Second

func readFilesystems(ctx context.Context, h *Host) (any, error) {
	partitions, err := disk.PartitionsWithContext(h.library(ctx), true)
	if err != nil && len(partitions) == 0 {
		return nil, fmt.Errorf("reading mounted file systems: %w", err)
	}
	all := []filesystemInfo{}
	var wrong faults
	seen := make(map[string]bool)
	for _, p := range partitions[:min(len(partitions), maxEntries)] {
		if seen[p.Mountpoint] {
			continue
		}
		seen[p.Mountpoint] = true
		u, err := h.usage(ctx, p.Mountpoint)
		if ctx.Err() != nil {
			return all, fmt.Errorf("reading file system %s: %w", p.Mountpoint, ctx.Err())
		}
		if err != nil {
			wrong.add(err)
			u = &disk.UsageStat{}
		} else if u.Total == 0 {
			continue // /proc and the like hold nothing
		}
		const kib = 1 << 10
		all = append(all, filesystemInfo{
			DirName: p.Mountpoint, DevName: Redact(p.Device), SysTypeName: p.Fstype, Options: redactOptions(strings.Join(p.Opts, ",")),
			Total: u.Total / kib, Free: (u.Total - min(u.Used, u.Total)) / kib, Used: u.Used / kib, Avail: u.Free / kib,
			Files: u.InodesTotal, FreeFiles: u.InodesFree,
		})
	}
	return all, wrong.err()
}

// usage asks a file system, and leaves it behind when it does not answer.
func (h *Host) usage(ctx context.Context, point string) (*disk.UsageStat, error) {
	ctx, cancel := context.WithTimeout(ctx, hangLimit)
	defer cancel()
	type told struct {
		usage *disk.UsageStat
		err   error
	}
	done := make(chan told, 1)
	go func() {
		u, err := disk.UsageWithContext(ctx, h.path(point))
		done <- told{u, err}
	}()
	select {
	case t := <-done:
		if t.err != nil {
			return nil, fmt.Errorf("file system %s: %w", point, h.plain(point, t.err))
		}
		return t.usage, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("file system %s does not answer", point)
	}
}
