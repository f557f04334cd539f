package host

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path"
	"slices"

	"virgo/collect/procfs"
)

// readMounts reads /proc/self/mountinfo: all visible file systems that are not pseudo, and any
// visible mount at point, in the order of the table. A line that cannot be parsed (it is longer than
// EachLine passes) is left out.
func readMounts(_ context.Context, t tree, point string) ([]mount, error) {
	var (
		mounts []mount
		places = make(procfs.MountTree, 0, 32)
		bad    error
	)
	err := procfs.EachLine(t.proc+"/self/mountinfo", func(line []byte) bool {
		l, ok := procfs.ParseMount(line)
		if !ok {
			bad = fmt.Errorf("%.64q is not a mount", line)
			return true
		}
		place := procfs.MountPlace{ID: l.ID, Parent: l.Parent, Point: string(procfs.Unescape(l.Point))}
		places = append(places, place)
		if class := classify(l.Kind, l.Source, place.Point); class >= local || place.Point == point {
			mounts = append(mounts, newMount(t, l, place.Point, class))
		}
		return true
	})
	if err == nil && len(places) == 0 && bad != nil {
		err = fmt.Errorf("reading %s/self/mountinfo: %w", t.proc, bad)
	}
	return slices.DeleteFunc(mounts, func(m mount) bool { return !places.Visible(m.id) }), err
}

func newMount(t tree, l procfs.Mount, point string, class class) mount {
	major, minor, _ := bytes.Cut(l.Device, []byte(":"))
	m := mount{
		id: l.ID, fs: deviceNumber(major, minor), whole: string(l.Root) == "/", point: point,
		kind: string(l.Kind), device: string(procfs.Unescape(l.Source)), class: class,
	}
	m.options, m.readOnly = l.AllOptions()
	if m.device == "/dev/root" {
		if link, err := os.Readlink(t.sys + "/dev/block/" + string(l.Device)); err == nil {
			m.device = "/dev/" + path.Base(link)
		}
	}
	return m
}

// cleanPoint normalizes a mount point: /home/ is /home.
func cleanPoint(point string) string { return path.Clean(point) }

// deviceNumber combines major and minor into one number, never 0; 0 where they are no numbers.
func deviceNumber(major, minor []byte) uint64 {
	var n [2]uint64
	for i, text := range [...][]byte{major, minor} {
		if got, err := procfs.Numbers(text, n[i:i+1]); err != nil || got != 1 {
			return 0
		}
	}
	return (n[0]<<32 | n[1]) + 1
}

// classify returns a file system's class. The root is local, whatever it is: a container's is an
// overlay, a live system's a tmpfs.
func classify(kind, device []byte, point string) class {
	switch string(kind) {
	case "squashfs", "iso9660", "udf", "erofs", "cramfs", "romfs", "fuse.snapfuse":
		if point != "/" {
			return image
		}
		return local
	case "fusectl", "fuse.gvfsd-fuse", "fuse.portal", "fuse.lxcfs", "autofs", "devtmpfs":
		return pseudo
	case "fuseblk":
		return local // a disk, served by a program
	case "zfs", "btrfs", "bcachefs", "ubifs", "jffs2", "yaffs2":
		return local // their device may be something other than a path
	}
	switch {
	case isRemote(kind):
		return remote
	case bytes.HasPrefix(device, []byte("/dev/")), point == "/":
		return local
	}
	return pseudo
}
