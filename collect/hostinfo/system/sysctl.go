package system

import (
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"virgo/collect/hostinfo/redact"
	"virgo/collect/hostinfo/source"
)

// maxSysctlDepth is how deep folders are read; net.ipv4.neigh.eth0.x is four deep.
const maxSysctlDepth = 8

// kernelSettings are those of sysctl(8), by name.
type kernelSettings map[string]string

func (kernelSettings) DescribeKeys() []source.Key {
	return []source.Key{{
		Name: "*", Kind: "text",
		Doc: "the value of the kernel's setting of that name, for example net.ipv4.ip_forward; the words of a line " +
			"with a blank between",
	}}
}

func sysctlType() source.Type {
	return source.Type{
		Name:    "sysctl",
		Summary: "kernel parameters (sysctl)",
		Systems: []string{"linux"},
		Shape:   kernelSettings{},
		Read: func(ctx context.Context, h *source.Host) (any, error) {
			all := make(kernelSettings)
			err := all.read(ctx, h, "/proc/sys", "", 0)
			return all, err
		},
	}
}

// read adds the settings below a folder of /proc/sys. What cannot be read (write-only, of another
// namespace, without a value just now) is left out, and so is what is secret.
func (s kernelSettings) read(ctx context.Context, h *source.Host, folder, prefix string, depth int) error {
	names, err := h.Names(folder)
	if err != nil || depth > maxSysctlDepth {
		return nil
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("reading %s: %w", folder, err)
		}
		if len(s) >= source.MaxRows {
			return fmt.Errorf("there are more than %d settings", source.MaxRows)
		}
		file := path.Join(folder, name)
		info, err := os.Lstat(h.Path(file))
		// sysctl(8) writes the dot in the name of an interface as a slash.
		key := prefix + strings.ReplaceAll(name, ".", "/")
		switch {
		case err != nil:
		case info.IsDir():
			if err := s.read(ctx, h, file, key+".", depth+1); err != nil {
				return err
			}
		case info.Mode().IsRegular() && info.Mode().Perm()&0o444 != 0 && !isSecretSysctl(key):
			if b, err := h.Read(file); err == nil {
				s[key] = sysctlValue(key, b, h.Arguments)
			}
		}
	}
	return nil
}

// secretSysctlEndings are endings of settings that hold the kernel's secrets
// (Documentation/admin-guide/sysctl): keys of TCP Fast Open, what makes stable addresses, seeds,
// and a random number that is another one at each reading.
func secretSysctlEndings() []string { return []string{"_key", "_secret", "_seed", "random.uuid"} }

func isSecretSysctl(key string) bool {
	return slices.ContainsFunc(secretSysctlEndings(), func(ending string) bool {
		return strings.HasSuffix(key, ending)
	})
}

// sysctlValue is the value as sysctl(8) prints it, with one blank between words.
func sysctlValue(key string, b []byte, show redact.Arguments) string {
	lines := strings.Split(strings.TrimSpace(redact.Truncate(string(b), redact.MaxExcerpt)), "\n")
	for i, l := range lines {
		lines[i] = strings.Join(strings.Fields(l), " ")
	}
	value := strings.Join(lines, "\n")
	if command, ok := strings.CutPrefix(value, "|"); ok { // kernel.core_pattern
		return "|" + show.Shell(command)
	}
	if strings.HasPrefix(value, "/") { // kernel.modprobe and the like
		return show.Shell(value)
	}
	return redact.Value(sysctlName(key), value)
}

// sysctlName returns the last part of a setting's name.
func sysctlName(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }
