package host

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"virgo/collect/procfs"

	"golang.org/x/sys/unix"
)

// findDisk returns the index of the device that a user names otherwise than the kernel does; -1 if
// it is none of them. These are the names that users know from fstab(5), df, lsblk and lvs:
//
//	/dev/sda1, cciss/c0d0, /dev/disk/by-id/…, /dev/mapper/vg-root, vg-root, vg/root, /dev/root,
//	UUID=…, LABEL=…, PARTUUID=…, PARTLABEL=…, 8:1
//
// A path names the device that its node has the number of. Where there is no node, as in a
// container, the number is that of the mount with this source, or of the device mapper's volume.
func findDisk(t tree, devices []diskCounters, name string) int {
	find := func(number uint64) int {
		if number == 0 {
			return -1
		}
		return slices.IndexFunc(devices, func(c diskCounters) bool { return c.number == number })
	}
	if major, minor, ok := strings.Cut(name, ":"); ok {
		if i := find(deviceNumber([]byte(major), []byte(minor))); i >= 0 {
			return i
		}
	}
	paths := devicePaths(name)
	for _, path := range paths {
		if i := find(nodeNumber(t.root + path)); i >= 0 {
			return i
		}
	}
	for _, path := range paths {
		if target, err := os.Readlink(t.root + path); err == nil { // to a node that is not here
			path = filepath.Join(filepath.Dir(path), target)
		}
		kernel := strings.TrimPrefix(path, "/dev/")
		if i := slices.IndexFunc(devices, func(c diskCounters) bool { return c.name == kernel }); i >= 0 {
			return i
		}
		if i := find(sourceNumber(t, path)); i >= 0 {
			return i
		}
		if i := findVolume(t, devices, kernel); i >= 0 {
			return i
		}
	}
	return -1
}

// devicePaths returns the paths below /dev that a name can stand for.
func devicePaths(name string) []string {
	if tag, value, ok := strings.Cut(name, "="); ok {
		switch tag {
		case "UUID", "LABEL", "PARTUUID", "PARTLABEL", "ID":
		default:
			return nil
		}
		// udev(7) escapes the characters of a label.
		value = strings.NewReplacer(" ", `\x20`, "/", `\x2f`, `\`, `\x5c`).Replace(strings.Trim(value, `"`))
		folder := "/dev/disk/by-" + strings.ToLower(tag) + "/"
		if !strings.HasSuffix(tag, "UUID") {
			return []string{folder + value}
		}
		return []string{folder + value, folder + strings.ToLower(value), folder + strings.ToUpper(value)}
	}
	candidates := []string{name}
	if !strings.HasPrefix(name, "/") {
		candidates = []string{"/dev/" + name, "/dev/mapper/" + name}
	}
	var paths []string
	for _, path := range candidates {
		if path = filepath.Clean(path); strings.HasPrefix(path, "/dev/") {
			paths = append(paths, path)
		}
	}
	return paths
}

// nodeNumber returns the number of a block device's node; 0 if there is no such node.
func nodeNumber(path string) uint64 {
	var of unix.Stat_t
	if err := unix.Stat(path, &of); err != nil || of.Mode&unix.S_IFMT != unix.S_IFBLK {
		return 0
	}
	return (uint64(unix.Major(of.Rdev))<<32 | uint64(unix.Minor(of.Rdev))) + 1
}

// sourceNumber returns the number of the file system that is mounted from a device; 0 if there is
// none.
func sourceNumber(t tree, path string) (number uint64) {
	_ = procfs.EachLine(t.proc+"/self/mountinfo", func(line []byte) bool {
		if m, ok := procfs.ParseMount(line); ok && string(procfs.Unescape(m.Source)) == path {
			major, minor, _ := bytes.Cut(m.Device, []byte(":"))
			number = deviceNumber(major, minor)
		}
		return number == 0
	})
	return number
}

// findVolume returns the index of the device mapper's volume with that name: mapper/vg-root, or
// vg/root, in whose mapper name each - is doubled.
func findVolume(t tree, devices []diskCounters, name string) int {
	name, mapped := strings.CutPrefix(name, "mapper/")
	if group, volume, ok := strings.Cut(name, "/"); ok && !mapped {
		name = strings.ReplaceAll(group, "-", "--") + "-" + strings.ReplaceAll(volume, "-", "--")
	}
	return slices.IndexFunc(devices, func(c diskCounters) bool {
		var buf [256]byte
		if !strings.HasPrefix(c.name, "dm-") {
			return false
		}
		line, err := procfs.FirstLine(t.sys+"/block/"+c.name+"/dm/name", buf[:])
		return err == nil && len(line) > 0 && string(line) == name
	})
}
