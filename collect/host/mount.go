package host

import "os"

// A mount is a line of the mount table.
type mount struct {
	id       uint64 // of this mount; 0 where the system has none
	fs       uint64 // of the file system, the same for all its mounts; 0 where the system has none
	whole    bool   // its root is mounted, not a folder or a file of it
	device   string
	point    string
	kind     string // file system type: ext4, nfs4, fuse.sshfs
	options  string // comma-joined, rw or ro first
	readOnly bool
	class    class
}

// A class is where a file system stores its files.
type class byte

const (
	pseudo class = iota // no storage of its own: proc, tmpfs, cgroup2
	image               // read-only and always full: squashfs, iso9660
	local               // on a disk
	remote              // on another host, or served by another program
)

// distinctMounts returns the local and remote file systems, each once, in the order of the mount
// table. A file system that is mounted several times (bind mounts, subvolumes) stands where a user
// looks for it: at /, else where all of it is mounted, else at the first folder. One that is only
// mounted on files, as a container's /etc/hosts is, is not returned.
func (t tree) distinctMounts(mounts []mount) []mount {
	best := make(map[uint64]int, len(mounts))
	var out []mount
	for _, m := range mounts {
		if m.class < local {
			continue
		}
		i, ok := best[m.fs]
		switch {
		case m.fs == 0:
			out = append(out, m)
		case ok && m.rank() <= out[i].rank():
		case !m.whole && t.isFile(mounts, m):
		case ok:
			out[i] = m
		default:
			best[m.fs] = len(out)
			out = append(out, m)
		}
	}
	return out
}

// rank is higher for the mount of a file system that is preferred.
func (m mount) rank() int {
	switch {
	case m.point == "/":
		return 2
	case m.whole:
		return 1
	}
	return 0
}

// isFile reports whether a mount is one of a file, not of a folder. It queries no file system that
// may hang, neither the mount's nor one on the path to it: a mount of these counts as a folder.
func (t tree) isFile(mounts []mount, m mount) bool {
	for _, above := range mounts {
		if above.mayHang() && below(m.point, above.point) {
			return false
		}
	}
	info, err := os.Stat(t.root + m.point)
	return err == nil && !info.IsDir()
}

// mountedAt returns the visible mount at a mount point.
func mountedAt(mounts []mount, point string) (mount, bool) {
	for _, m := range mounts {
		if m.point == point {
			return m, true
		}
	}
	return mount{}, false
}

// isRemote reports whether a file system of this type is served by another host, by a hypervisor,
// or shared by a cluster.
func isRemote(kind []byte) bool {
	switch string(kind) {
	case "nfs", "nfs4", "cifs", "smb", "smb3", "smbfs", "afpfs", "webdav", "ncpfs", "afs", "coda", "ceph", "9p",
		"lustre", "glusterfs", "gpfs", "beegfs", "pvfs2", "orangefs", "panfs", "gfs2", "ocfs2",
		"virtiofs", "vboxsf", "vmhgfs", "prl_fs":
		return true
	}
	return isFUSE(kind)
}

// isFUSE reports whether the file system is a program of this host: fuse, fuseblk, fuse.sshfs,
// fusefs, macfuse.
func isFUSE(kind []byte) bool {
	if string(kind) == "fusectl" {
		return false
	}
	for _, prefix := range [...]string{"fuse", "macfuse", "osxfuse"} {
		if len(kind) >= len(prefix) && string(kind[:len(prefix)]) == prefix {
			return true
		}
	}
	return false
}

// mayHang reports whether statfs of the file system can wait for another program or host. autofs is
// pseudo, but statfs of it mounts another file system.
func (m mount) mayHang() bool { return m.kind == "autofs" || isRemote([]byte(m.kind)) }
