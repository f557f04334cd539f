package filesystems

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"virgo/collect/hostinfo/source"
	"virgo/collect/procfs"
)

// readMounts returns the mounts whose paths lead to them. One that is covered by another is left
// out: its path would show the other's figures.
func readMounts(_ context.Context, h *source.Host) ([]mounted, error) {
	b, err := h.Read("/proc/self/mountinfo")
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(b) == 0 {
		return readMountsFile(h) // a container that has this one only
	}
	if err != nil {
		return nil, err
	}
	var (
		all  []mounted
		tree procfs.MountTree
	)
	for line := range bytes.Lines(b) {
		m, ok := procfs.ParseMount(bytes.TrimSuffix(line, []byte("\n")))
		if !ok || len(all) == source.MaxEntries {
			continue
		}
		options, _ := m.AllOptions()
		one := mounted{
			device: string(procfs.Unescape(m.Source)), point: string(procfs.Unescape(m.Point)), kind: string(m.Kind),
			options: string(procfs.Unescape([]byte(options))), whole: string(m.Root) == "/",
		}
		if one.device == "/dev/root" {
			one.device = rootDevice(h, string(m.Device))
		}
		all = append(all, one)
		tree = append(tree, procfs.MountPlace{ID: m.ID, Parent: m.Parent, Point: one.point})
	}
	visible := all[:0]
	for i, m := range all {
		if tree.Visible(tree[i].ID) {
			visible = append(visible, m)
		}
	}
	return visible, nil
}

// rootDevice names the device that the kernel calls /dev/root if no initial file system named it.
func rootDevice(h *source.Host, number string) string {
	link := h.Link("/sys/dev/block/" + number)
	if link == "" {
		return "/dev/root"
	}
	return "/dev/" + link[strings.LastIndexByte(link, '/')+1:]
}

// readMountsFile reads /proc/self/mounts. Of several mounts at one point the last covers the others.
func readMountsFile(h *source.Host) ([]mounted, error) {
	b, err := h.Read("/proc/self/mounts")
	if err != nil {
		return nil, err
	}
	var all []mounted
	at := make(map[string]int)
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 4 || len(all) == source.MaxEntries {
			continue
		}
		m := mounted{device: unescape(f[0]), point: unescape(f[1]), kind: f[2], options: unescape(f[3]), whole: true}
		if i, ok := at[m.point]; ok {
			all[i] = m
			continue
		}
		at[m.point] = len(all)
		all = append(all, m)
	}
	return all, nil
}

// isFile reports whether something other than a folder is mounted there, as a container's /etc/hosts
// is. The answer can take as long as statfs.
func (m mounted) isFile(h *source.Host) bool {
	if m.whole {
		return false
	}
	info, err := os.Stat(h.Path(m.point))
	return err == nil && !info.IsDir()
}
