package filesystems

import (
	"context"
	"slices"
	"strings"

	"virgo/collect/hostinfo/source"
)

type filesystemState struct {
	TotalRO   int    `json:"total_ro" doc:"file systems that can only be read"`
	TotalRW   int    `json:"total_rw" doc:"file systems that can be written"`
	DevicesRO string `json:"devices_ro" doc:"devices of those that can only be read, comma-separated"`
	DevicesRW string `json:"devices_rw" doc:"devices of those that can be written, comma-separated"`
}

func filesystemStateType() source.Type {
	return source.Type{
		Name:    "filesystem_state",
		Summary: "which disk and network file systems are mounted read-write",
		Systems: []string{"linux"},
		Shape:   filesystemState{},
		Read: func(ctx context.Context, h *source.Host) (any, error) {
			mounts, err := readMounts(ctx, h)
			if err != nil {
				return nil, err
			}
			return stateOf(withoutFiles(ctx, h, mounts)), nil
		},
	}
}

// withoutFiles leaves out what is mounted on a file, as a container's /etc/hosts is: a file system of which
// only files are seen is none of the container's. Mounts that do not say in time what they are stay.
func withoutFiles(ctx context.Context, h *source.Host, mounts []mounted) []mounted {
	ctx, cancel := context.WithTimeout(ctx, statTimeout)
	defer cancel()
	return slices.DeleteFunc(mounts, func(m mounted) bool {
		if m.whole || !m.holdsFiles() || ctx.Err() != nil {
			return false
		}
		answer := make(chan bool, 1)
		go func() { answer <- m.isFile(h) }()
		select {
		case file := <-answer:
			return file
		case <-ctx.Done():
			return false
		}
	})
}

// stateOf counts each device once as read-only and once as writable: a bind mount does not count
// again.
func stateOf(mounts []mounted) filesystemState {
	var ro, rw []string
	seen := make(map[string]bool)
	for _, m := range mounts {
		if !m.holdsFiles() {
			continue
		}
		list, kind := &rw, "rw "
		if slices.Contains(strings.Split(m.options, ","), "ro") {
			list, kind = &ro, "ro "
		}
		if device := showDevice(m.device); !seen[kind+device] {
			seen[kind+device] = true
			*list = append(*list, device)
		}
	}
	return filesystemState{len(ro), len(rw), strings.Join(ro, ","), strings.Join(rw, ",")}
}

// holdsFiles distinguishes the file systems of disks and servers from the kernel's own. Images (a
// snap's squashfs) are always read-only, so they do not count.
func (m mounted) holdsFiles() bool {
	switch m.kind {
	case "squashfs", "iso9660", "udf", "erofs", "cramfs", "romfs", "fuse.snapfuse":
		return m.point == "/"
	case "fusectl", "fuse.gvfsd-fuse", "fuse.portal", "fuse.lxcfs", "autofs", "devtmpfs":
		return false
	case "zfs", "btrfs", "bcachefs", "nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "glusterfs",
		"lustre", "gfs2", "ocfs2", "9p", "virtiofs", "davfs":
		return true
	}
	return strings.HasPrefix(m.device, "/dev/") || strings.HasPrefix(m.kind, "fuse.") || m.point == "/"
}
