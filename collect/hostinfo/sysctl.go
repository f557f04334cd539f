package hostinfo

import (
	"context"
	"fmt"
	"os"
	"path"
	"strings"
)

// kernelSettings are those of sysctl(8), by name.
type kernelSettings map[string]string

func (kernelSettings) describe() []Key {
	return []Key{{"*", "text", "the value of the kernel's setting of that name, for example net.ipv4.ip_forward; the words of a line with a blank between"}}
}

func sysctlType() Type {
	return Type{
		Name:    "sysctl",
		Summary: "settings of the running kernel",
		Systems: []string{"linux"},
		Shape:   kernelSettings{},
		Read: func(ctx context.Context, h *Host) (any, error) {
			all := make(kernelSettings)
			err := h.sysctls(ctx, "/proc/sys", "", all, 0)
			return all, err
		},
	}
}

// maxSysctlDepth of folders are gone into; net.ipv4.neigh.eth0.x is four.
const maxSysctlDepth = 8

// sysctls walks /proc/sys. What cannot be read (write-only, of another namespace, with no value just now) is
// left out, as is what is secret, and what is another value at each look.
func (h *Host) sysctls(ctx context.Context, folder, prefix string, all kernelSettings, depth int) error {
	names, err := h.names(folder)
	if err != nil || depth > maxSysctlDepth {
		return nil
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("reading %s: %w", folder, err)
		}
		if len(all) >= MaxRows {
			return fmt.Errorf("there are more than %d settings", MaxRows)
		}
		file := path.Join(folder, name)
		info, err := os.Lstat(h.path(file))
		// sysctl(8) writes a point in a name, that of an interface, as a stroke.
		key := prefix + strings.ReplaceAll(name, ".", "/")
		switch {
		case err != nil:
		case info.IsDir():
			if err := h.sysctls(ctx, file, key+".", all, depth+1); err != nil {
				return err
			}
		case info.Mode().IsRegular() && info.Mode().Perm()&0o444 != 0 && !secretSysctl(key):
			if b, err := h.read(file); err == nil {
				all[key] = sysctlValue(b)
			}
		}
	}
	return nil
}

// secretSysctl names the kernel's secrets (Documentation/admin-guide/sysctl): keys of TCP Fast Open, what makes
// stable addresses, and its random numbers, of which each look makes a new one.
func secretSysctl(key string) bool {
	return strings.HasSuffix(key, "_key") || strings.HasSuffix(key, "_secret") || strings.HasSuffix(key, "_seed") || key == "kernel.random.uuid"
}

// sysctlValue is the value as sysctl(8) prints it, blanks between the words, without secrets.
func sysctlValue(b []byte) string {
	lines := strings.Split(strings.TrimSpace(beginning(string(b), maxText)), "\n")
	for i, l := range lines {
		lines[i] = strings.Join(strings.Fields(l), " ")
	}
	return Redact(strings.Join(lines, "\n"))
}
