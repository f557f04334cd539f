package hostinfo

import (
	"context"
	"path"
	"slices"
	"strings"
)

type filesystemState struct {
	TotalRO   int    `json:"total_ro" doc:"file systems that can only be read"`
	TotalRW   int    `json:"total_rw" doc:"file systems that can be written"`
	DevicesRO string `json:"devices_ro" doc:"devices of those that can only be read, comma-separated"`
	DevicesRW string `json:"devices_rw" doc:"devices of those that can be written, comma-separated"`
}

func filesystemStateType() Type {
	return Type{
		Name:    "filesystem_state",
		Summary: "which file systems of disks and servers can be written",
		Systems: []string{"linux"},
		Shape:   filesystemState{},
		Read: func(_ context.Context, h *Host) (any, error) {
			b, err := h.read("/proc/self/mounts")
			if err != nil {
				return nil, err
			}
			mounts := parseFstab(b)
			for i := range mounts {
				if mounts[i].FileSystem == "/dev/root" {
					mounts[i].FileSystem = h.rootDevice()
				}
			}
			return stateOf(mounts), nil
		},
	}
}

// rootDevice names the device that the kernel calls /dev/root where no initial file system named it.
func (h *Host) rootDevice() string {
	b, err := h.read("/proc/self/mountinfo")
	if err != nil {
		return "/dev/root"
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line) // id parent major:minor root point …
		if len(f) < 5 || f[4] != "/" {
			continue
		}
		if link := h.link("/sys/dev/block/" + f[2]); link != "" {
			return "/dev/" + path.Base(link)
		}
	}
	return "/dev/root"
}

// stateOf counts each device once for reading and once for writing: a bind mount is none of its own.
func stateOf(mounts []fstabLine) filesystemState {
	var ro, rw []string
	seen := make(map[string]bool)
	for _, m := range mounts {
		if !holdsFiles(m) {
			continue
		}
		list, kind := &rw, "rw "
		if slices.Contains(strings.Split(m.Options, ","), "ro") {
			list, kind = &ro, "ro "
		}
		if !seen[kind+m.FileSystem] {
			seen[kind+m.FileSystem] = true
			*list = append(*list, m.FileSystem)
		}
	}
	return filesystemState{len(ro), len(rw), strings.Join(ro, ","), strings.Join(rw, ",")}
}

// holdsFiles tells the file systems of disks and servers from the kernel's own. Images (a snap's squashfs) are
// always read-only and no news.
func holdsFiles(m fstabLine) bool {
	switch m.Type {
	case "squashfs", "iso9660", "udf", "erofs", "cramfs", "romfs", "fuse.snapfuse":
		return m.MountPoint == "/"
	case "fusectl", "fuse.gvfsd-fuse", "fuse.portal", "fuse.lxcfs", "autofs", "devtmpfs":
		return false
	case "zfs", "btrfs", "bcachefs", "nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "glusterfs", "lustre", "gfs2", "ocfs2", "9p", "virtiofs", "davfs":
		return true
	}
	return strings.HasPrefix(m.FileSystem, "/dev/") || strings.HasPrefix(m.Type, "fuse.") || m.MountPoint == "/"
}
