// Package filesystems reads mounted file systems, their free space and state, and fstab(5).
//
// Sources are gopsutil for what is mounted and how full it is, /proc/self/mounts and /etc/fstab for
// the rest. A file system whose server is gone never answers; after two seconds it is an error and
// the others are reported. Passwords in mount options and in addresses are redacted.
package filesystems

import "virgo/collect/hostinfo/source"

// Types returns the questions about file systems.
func Types() []source.Type {
	return []source.Type{
		filesystemStateType(),
		filesystemType(),
		fstabType(),
	}
}
