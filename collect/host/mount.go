package host

// A mount is a line of the mount table.
type mount struct {
	id       uint64 // of this mounting; 0 where the system has none
	fs       uint64 // of the file system, the same wherever it is mounted; 0 where the system has none
	whole    bool   // mounted from its root, not a folder of it
	device   string
	point    string
	kind     string // file system type: ext4, nfs4, fuse.sshfs
	options  string // comma-joined, rw or ro first
	readOnly bool
	class    class
}

// A class says how a file system counts.
type class byte

const (
	pseudo class = iota // no storage of its own: proc, tmpfs, cgroup2
	image               // read-only by nature and always full: squashfs, iso9660
	local               // on a disk
	remote              // on another host, or another program
)

// listed returns the file systems that are meant by all: local and remote ones, each once, in the order
// of the mount table. Of several mounts on one point the last hides the others; of several mounts of one
// file system the first whole one stands for all, or the first where none is whole (bind mounts,
// subvolumes).
func listed(mounts []mount) []mount {
	var (
		at    = make(map[string]int, len(mounts))
		whose = make(map[uint64]int, len(mounts))
	)
	for i, m := range mounts {
		at[m.point] = i
	}
	visible := func(i int) bool {
		return at[mounts[i].point] == i && mounts[i].class >= local
	}
	for i, m := range mounts {
		if !visible(i) || m.fs == 0 {
			continue
		}
		if j, ok := whose[m.fs]; !ok || m.whole && !mounts[j].whole {
			whose[m.fs] = i
		}
	}
	var out []mount
	for i, m := range mounts {
		if visible(i) && (m.fs == 0 || whose[m.fs] == i) {
			out = append(out, m)
		}
	}
	return out
}

// mountedAt returns what is seen at a mount point: the last that was mounted there.
func mountedAt(mounts []mount, point string) (mount, bool) {
	for i := len(mounts) - 1; i >= 0; i-- {
		if mounts[i].point == point {
			return mounts[i], true
		}
	}
	return mount{}, false
}

// isRemote reports whether a file system of this type is served by another host, or over a channel that
// can break (a hypervisor's folder), or needs other hosts to agree (a cluster's).
func isRemote(kind []byte) bool {
	switch string(kind) {
	case "nfs", "nfs4", "cifs", "smb", "smb3", "smbfs", "afpfs", "webdav", "ncpfs", "afs", "coda", "ceph", "9p",
		"lustre", "glusterfs", "gpfs", "beegfs", "pvfs2", "orangefs", "panfs", "gfs2", "ocfs2",
		"virtiofs", "vboxsf", "vmhgfs", "prl_fs":
		return true
	}
	return isFUSE(kind)
}

// isFUSE reports whether the file system is a program of this host: fuse, fuseblk, fuse.sshfs, fusefs, macfuse.
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

// mayHang reports whether asking the file system can wait for another program or host. autofs is pseudo,
// but asking it mounts what it stands for.
func (m mount) mayHang() bool { return m.kind == "autofs" || isRemote([]byte(m.kind)) }
