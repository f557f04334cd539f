package hostinfo

import (
	"context"
	"strconv"
	"strings"
)

type fstabLine struct {
	FileSystem string `json:"file_system" doc:"device, label, UUID or server"`
	MountPoint string `json:"mount_point" doc:"where it is mounted; none for swap space"`
	Type       string `json:"type" doc:"type of the file system"`
	Options    string `json:"options" doc:"mount options, comma-separated, without secrets"`
	Dump       int    `json:"dump" doc:"whether dump(8) saves it: 0 is no"`
	Pass       int    `json:"pass" doc:"in which pass fsck(8) looks at it when the system starts: 0 is not at all"`
}

func fstabType() Type {
	return Type{
		Name:    "fstab",
		Summary: "file systems that are mounted when the system starts",
		Systems: []string{"linux"},
		Shape:   []fstabLine{},
		Read: func(_ context.Context, h *Host) (any, error) {
			b, err := h.read("/etc/fstab")
			if err != nil {
				return nil, err
			}
			return parseFstab(b), nil
		},
	}
}

// parseFstab parses fstab(5), and /proc/mounts, which has its form. The last two fields may be absent; a line with
// fewer than three says nothing.
func parseFstab(b []byte) []fstabLine {
	all := []fstabLine{}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 3 || strings.HasPrefix(f[0], "#") {
			continue
		}
		l := fstabLine{FileSystem: Redact(mountText(f[0])), MountPoint: mountText(f[1]), Type: f[2]}
		if len(f) > 3 {
			l.Options = redactOptions(mountText(f[3]))
		}
		if len(f) > 4 {
			l.Dump, _ = strconv.Atoi(f[4]) // what is no number counts as 0, as it does for getmntent(3)
		}
		if len(f) > 5 {
			l.Pass, _ = strconv.Atoi(f[5])
		}
		all = append(all, l)
	}
	return all
}

// redactOptions takes secrets out of a list of mount options.
func redactOptions(options string) string {
	list := strings.Split(options, ",")
	shown := make([]string, 0, len(list))
	for i := 0; i < len(list); i++ {
		name, value, ok := strings.Cut(list[i], "=")
		if !ok || !secretSetting(name, value) {
			shown = append(shown, Redact(list[i]))
			continue
		}
		shown = append(shown, name+"="+Redacted)
		for i+2 < len(list) && list[i+1] == "" { // mount.cifs(8) lets a password hold commas, written twice
			i += 2
		}
	}
	return strings.Join(shown, ",")
}

// mountText undoes the octal escapes of fstab(5): \040 for a blank.
func mountText(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+4 <= len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
