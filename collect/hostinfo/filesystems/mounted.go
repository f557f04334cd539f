package filesystems

import (
	"context"
	"fmt"
	"time"

	"github.com/shirou/gopsutil/v3/disk"

	"virgo/collect/hostinfo/source"
)

type filesystemInfo struct {
	DirName     string `json:"dir_name" doc:"where it is mounted"`
	DevName     string `json:"dev_name" doc:"its device or server"`
	SysTypeName string `json:"sys_type_name" doc:"its type, for example ext4"`
	Options     string `json:"options" doc:"the options it is mounted with, comma-separated, without secrets"`
	Total       uint64 `json:"total" doc:"size, KiB"`
	Free        uint64 `json:"free" doc:"not in use, KiB"`
	Used        uint64 `json:"used" doc:"in use, KiB"`
	Avail       uint64 `json:"avail" doc:"available to users other than root, KiB"`
	Files       uint64 `json:"files" doc:"files that it can hold (inodes); 0 if it has no bound"`
	FreeFiles   uint64 `json:"free_files" doc:"files that it can still hold"`
}

func filesystemType() source.Type {
	return source.Type{
		Name:    "filesystem",
		Summary: "mounted file systems with a capacity, and their free space",
		Shape:   []filesystemInfo{},
		Read:    readFilesystems,
	}
}

// statTimeout is how long a file system may take to answer; one whose server is gone never does.
const statTimeout = 2 * time.Second

// A mounted is a file system at a mount point, or a folder or a file of it.
type mounted struct {
	device, point, kind string
	options             string // comma-separated, with their secrets
	whole               bool   // all of the file system is mounted
}

func readFilesystems(ctx context.Context, h *source.Host) (any, error) {
	mounts, err := readMounts(ctx, h)
	if err != nil {
		return nil, err
	}
	all := []filesystemInfo{}
	var problems source.Problems
	for _, m := range mounts {
		u, err := readUsage(ctx, h, m)
		if ctx.Err() != nil {
			return all, fmt.Errorf("reading file system %s: %w", m.point, ctx.Err())
		}
		if err != nil {
			problems.Add(err)
			u = &disk.UsageStat{}
		} else if u.Total == 0 {
			continue // /proc and similar hold no files
		}
		const kib = 1 << 10
		all = append(all, filesystemInfo{
			DirName: m.point, DevName: showDevice(m.device),
			SysTypeName: m.kind, Options: showOptions(h.Arguments, m.options),
			Total: u.Total / kib, Free: (u.Total - min(u.Used, u.Total)) / kib,
			Used: u.Used / kib, Avail: u.Free / kib,
			Files: u.InodesTotal, FreeFiles: u.InodesFree,
		})
	}
	return all, problems.Err()
}

// readUsage reads the figures of a file system, and abandons one that does not answer. A mount of a
// file has none.
func readUsage(ctx context.Context, h *source.Host, m mounted) (*disk.UsageStat, error) {
	ctx, cancel := context.WithTimeout(ctx, statTimeout)
	defer cancel()
	type result struct {
		usage *disk.UsageStat
		err   error
	}
	done := make(chan result, 1)
	go func() {
		if m.isFile(h) {
			done <- result{usage: &disk.UsageStat{}}
			return
		}
		u, err := disk.UsageWithContext(ctx, h.Path(m.point))
		done <- result{u, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			return nil, fmt.Errorf("file system %s: %w", m.point, h.NameError(m.point, r.err))
		}
		return r.usage, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("file system %s does not answer", m.point)
	}
}
