package host

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
)

// readMounts reads /proc/self/mountinfo (proc(5)): all file systems with storage of their own, and
// whatever is mounted at point, in the order of the table.
//
//	id parent major:minor root point options [tags…] - type device superoptions
func readMounts(_ context.Context, t tree, point string) ([]mount, error) {
	var (
		mounts []mount
		bad    error
	)
	err := eachLine(t.proc+"/self/mountinfo", func(line []byte) bool {
		var f [6][]byte
		rest := line
		for i := range f {
			f[i], rest = cutField(rest)
		}
		_, rest, ok := bytes.Cut(rest, []byte(" - "))
		kind, rest := cutField(rest)
		device, rest := cutField(rest)
		super, _ := cutField(rest)
		if !ok || len(device) == 0 {
			bad = fmt.Errorf("%.64q is no mount", line)
			return false
		}
		at := unescape(f[4])
		class := classify(kind, device, at)
		if class < local && string(at) != point {
			// It is not asked for, but hides what was mounted there before.
			mounts = slices.DeleteFunc(mounts, func(m mount) bool { return m.point == string(at) })
			return true
		}
		m := mount{
			whole: string(f[3]) == "/", point: string(at), kind: string(kind), device: string(unescape(device)), class: class,
		}
		var id [1]uint64
		if _, err := cutNumbers(f[0], id[:]); err == nil {
			m.id = id[0]
		}
		m.fs = deviceNumber(f[2])
		m.options, m.readOnly = joinOptions(string(f[5]), string(super))
		if m.device == "/dev/root" {
			if link, err := os.Readlink(t.sys + "/dev/block/" + string(f[2])); err == nil {
				m.device = "/dev/" + path.Base(link)
			}
		}
		mounts = append(mounts, m)
		return true
	})
	if err == nil && bad != nil {
		err = fmt.Errorf("read %s/self/mountinfo: %w", t.proc, bad)
	}
	return mounts, err
}

// cleanPoint is a mount point as a person may write it: /home/ is /home.
func cleanPoint(point string) string { return path.Clean(point) }

// deviceNumber makes one number of major:minor; never 0 for a number that is one.
func deviceNumber(text []byte) uint64 {
	major, minor, _ := bytes.Cut(text, []byte(":"))
	var n [2]uint64
	if _, err := cutNumbers(major, n[:1]); err != nil {
		return 0
	}
	if _, err := cutNumbers(minor, n[1:]); err != nil {
		return 0
	}
	return (n[0]<<32 | n[1]) + 1
}

// joinOptions makes one list of a mount's options and its file system's, as /proc/mounts has it: ro where
// either is.
func joinOptions(mount, super string) (options string, readOnly bool) {
	var b strings.Builder
	b.Grow(len(mount) + len(super) + 1)
	for _, list := range [...]string{mount, super} {
		for option := range strings.SplitSeq(list, ",") {
			switch option {
			case "ro":
				readOnly = true
			case "rw", "":
			default:
				b.WriteByte(',')
				b.WriteString(option)
			}
		}
	}
	if readOnly {
		return "ro" + b.String(), true
	}
	return "rw" + b.String(), false
}

// classify tells a file system's class. What is mounted on / counts whatever it is: a container's root
// is an overlay, a live system's a tmpfs.
func classify(kind, device, point []byte) class {
	switch string(kind) {
	case "squashfs", "iso9660", "udf", "erofs", "cramfs", "romfs", "fuse.snapfuse":
		if string(point) != "/" {
			return image
		}
		return local
	case "fusectl", "fuse.gvfsd-fuse", "fuse.portal", "fuse.lxcfs", "autofs", "devtmpfs":
		return pseudo
	case "fuseblk":
		return local // a disk, by way of a program
	case "zfs", "btrfs", "bcachefs", "ubifs", "jffs2", "yaffs2":
		return local // their device need not be a path
	}
	switch {
	case isRemote(kind):
		return remote
	case bytes.HasPrefix(device, []byte("/dev/")), string(point) == "/":
		return local
	}
	return pseudo
}

// unescape undoes the octal escapes of the mount table: \040 for a blank.
func unescape(s []byte) []byte {
	if bytes.IndexByte(s, '\\') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && isOctal(s[i+1:i+4]) {
			out = append(out, (s[i+1]-'0')<<6+(s[i+2]-'0')<<3+(s[i+3]-'0'))
			i += 3
			continue
		}
		out = append(out, s[i])
	}
	return out
}

func isOctal(s []byte) bool {
	return s[0] >= '0' && s[0] <= '3' && s[1] >= '0' && s[1] <= '7' && s[2] >= '0' && s[2] <= '7'
}
